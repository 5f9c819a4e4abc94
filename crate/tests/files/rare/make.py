"""Writes the files beside it from a phantom, with encoders for which there is no Rust: one small file of each kind.

    delineo phantom --kind dermoscopy --seed 3 --size 75x57 --out .
    python make.py dermoscopy_3.png

Needs Pillow, pillow-heif, imagecodecs and numpy. `truth.png` is the phantom."""

import sys

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image

picture = Image.open(sys.argv[1]).convert("RGB")
rgb = np.asarray(picture)
picture.save("truth.png", optimize=True)
grey = np.asarray(picture.convert("L")).astype(np.uint32) * 4095 // 255
wide = rgb.astype(np.uint32) * 4095 // 255
alpha = picture.copy()
alpha.putalpha(Image.fromarray(np.where(np.indices(rgb.shape[:2])[0] < 20, 60, 255).astype(np.uint8)))


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def avif(name, image, **options):
    image.save(name, "AVIF", speed=0, max_threads=1, **options)


def heic(name, image, **options):
    pillow_heif.from_pillow(image).save(name, **options)


avif("420.avif", picture, quality=80, subsampling="4:2:0")
avif("limited_422.avif", picture, quality=80, subsampling="4:2:2", range="limited")
avif("alpha.avif", alpha, quality=70)
write("ten_bits.avif", imagecodecs.avif_encode((wide >> 2).astype(np.uint16), level=80, bitspersample=10))
heic("420.heic", picture, quality=80, chroma="420")
heic("444_limited.heic", picture, quality=80, chroma="444", full_range_flag=0)
heic("alpha.heic", alpha, quality=80)
heic("grey.heic", picture.convert("L"), quality=90)
sixteen = (rgb.astype(np.uint16) * 257).tobytes()
ten = pillow_heif.from_bytes(mode="RGB;16", size=picture.size, data=sixteen)
ten.save("ten_bits.heic", quality=80)
write("lossless.jxl", imagecodecs.jpegxl_encode(rgb, lossless=True, effort=9))
write("lossy.jxl", imagecodecs.jpegxl_encode(rgb, distance=1.0, effort=9, usecontainer=True))
write("grey_12.jxl", imagecodecs.jpegxl_encode(grey.astype(np.uint16), lossless=True, bitspersample=12, effort=9))
write("animation.jxl", imagecodecs.jpegxl_encode(np.stack([rgb, 255 - rgb]), distance=3.0, effort=9))
write("alpha.jxl", imagecodecs.jpegxl_encode(np.asarray(alpha), distance=2.0, effort=9))
write("lossless.jp2", imagecodecs.jpeg2k_encode(rgb, level=0, codecformat="jp2", reversible=True))
write("lossy.j2k", imagecodecs.jpeg2k_encode(rgb, level=38, codecformat="j2k"))
write("grey_12.jp2", imagecodecs.jpeg2k_encode(grey.astype(np.uint16), level=0, codecformat="jp2", reversible=True, bitspersample=12))
write("alpha.jp2", imagecodecs.jpeg2k_encode(np.asarray(alpha), level=34, codecformat="jp2"))
