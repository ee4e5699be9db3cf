"""A page with one comparison, by the slider that its address names: `?slider=ours`, `package` or `nothing`."""

import io
import os
import sys
from pathlib import Path

import streamlit as st
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from rerender.ui.compare import Side, compare

before, after = ((Path(os.environ["SLIDER_PICTURES"]) / name).read_bytes() for name in ("before", "after"))

if st.query_params["slider"] == "ours":
    shown = Image.open(io.BytesIO(before))
    mime = shown.get_format_mimetype()
    compare(Side(before, mime, "Before", ""), Side(after, mime, "After", ""), size=shown.size, key="slider")
elif st.query_params["slider"] == "package":
    from streamlit_image_comparison import image_comparison

    image_comparison(Image.open(io.BytesIO(before)), Image.open(io.BytesIO(after)), in_memory=True)
st.text("done")
