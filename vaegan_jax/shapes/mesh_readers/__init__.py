"""What each kind of mesh file may hold, as polygons.

    text.py            lines of text files
    polygons.py        polygons → triangles
    colours.py         colours of faces, corners and materials
    off.py  obj.py  stl.py
    ply.py             with its header in ply_header.py
    gltf.py            with its numbers in gltf_accessors.py

trimesh 5.2 is not asked to read files: without a word it gives another shape for
relative indices of OBJ in several blocks, for concave polygons, and for glTF that is
sparse, quantized, instanced, of fans, or has several scenes, hidden nodes or morph
targets; and it refuses binary PLY of triangles and quads.
"""
