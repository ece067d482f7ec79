"""Writes the small ICC profiles that the fixtures carry, by the formulas of ICC.1:2001-04, and
the chart in their spaces as raw 16-bit samples, computed in floating point.

usage: profiles.py FOLDER
"""
import struct
import sys


def fixed(v):
    return struct.pack(">i", round(v * 65536))


def xyz(x, y, z):
    return b"XYZ \0\0\0\0" + fixed(x) + fixed(y) + fixed(z)


def text(s):
    return b"text\0\0\0\0" + s.encode() + b"\0"


def desc(s):
    return b"desc\0\0\0\0" + struct.pack(">I", len(s) + 1) + s.encode() + b"\0" * (1 + 4 + 4 + 2 + 1 + 67)


def gamma(g):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(g * 256))


def table(f, n=1024):
    return b"curv\0\0\0\0" + struct.pack(">I", n) + b"".join(struct.pack(">H", round(65535 * f(i / (n - 1)))) for i in range(n))


def srgb(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def profile(path, kind, space, pcs, tags):
    tags = {"cprt": text("CC0"), "wtpt": xyz(0.9642, 1, 0.8249), **tags}
    at = 128 + 4 + 12 * len(tags)
    directory, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        directory += name.encode() + struct.pack(">II", at + len(data), len(tag))
        data += tag + b"\0" * (-len(tag) % 4)
    head = struct.pack(">I4sI4s4s4s6H4s", at + len(data), b"\0" * 4, 0x02400000, kind, space, pcs, 2026, 1, 1, 0, 0, 0, b"acsp")
    head += b"\0" * (68 - len(head)) + fixed(0.9642) + fixed(1) + fixed(0.8249)
    with open(path, "wb") as out:
        out.write(head.ljust(128, b"\0") + directory + data)


def matrix(path, name, r, g, b, curve):
    profile(path, b"mntr", b"RGB ", b"XYZ ", {
        "desc": desc(name), "rXYZ": xyz(*r), "gXYZ": xyz(*g), "bXYZ": xyz(*b),
        "rTRC": curve, "gTRC": curve, "bTRC": curve})


def lab16(x, y, z):
    """CIELAB under D50 in the 16-bit coding of version 2 tables."""
    f = [t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x / 0.9642, y, z / 0.8249)]
    l, a, b = 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
    return [max(0, min(65535, round(v))) for v in (l * 652.8, (a + 128) * 256, (b + 128) * 256)]


def ink(c, m, y, k):
    """A press whose inks are far from the textbook's: what ignores the profile shows."""
    light = [(1 - 0.8 * c) * (1 - 0.1 * m) * (1 - 0.05 * y), (1 - 0.35 * c) * (1 - 0.75 * m) * (1 - 0.1 * y),
             (1 - 0.1 * c) * (1 - 0.4 * m) * (1 - 0.8 * y)]
    r, g, b = (v ** 1.3 * (1 - 0.97 * k) ** 1.5 for v in light)
    return lab16(0.43607 * r + 0.38515 * g + 0.14307 * b, 0.22249 * r + 0.71687 * g + 0.06061 * b,
                 0.01392 * r + 0.09708 * g + 0.71410 * b)


def cmyk(path):
    n, steps = 5, [i / 4 for i in range(5)]
    data = b"mft2\0\0\0\0" + struct.pack(">BBBB", 4, 3, n, 0) + b"".join(fixed(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    data += struct.pack(">HH", 2, 2) + struct.pack(">HH", 0, 65535) * 4
    for c in steps:
        for m in steps:
            for y in steps:
                for k in steps:
                    data += struct.pack(">HHH", *ink(c, m, y, k))
    data += struct.pack(">HH", 0, 65535) * 3
    profile(path, b"prtr", b"CMYK", b"Lab ", {"desc": desc("Burnish test press"), "A2B0": data})


SRGB = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)
SPACES = {  # colorants under D50, curve to light, name
    "srgb-other-name": (SRGB, srgb, "Not called by its name"),
    "srgb-gamma-2.2": (SRGB, 563 / 256, "sRGB IEC61966-2.1"),
    "p3": (((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)), srgb, "Display P3"),
    "adobe": (((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 563 / 256, "Adobe RGB (1998)"),
    "prophoto": (((0.79767, 0.28804, 0), (0.13519, 0.71188, 0), (0.03134, 0.00009, 0.82491)), 461 / 256, "ProPhoto RGB"),
    "swapped": ((SRGB[1], SRGB[0], SRGB[2]), srgb, "sRGB, red and green swapped"),
}
CHART = [(200, 60, 50), (60, 140, 70), (50, 80, 170), (230, 200, 60), (180, 80, 150), (50, 150, 170),
         (128, 128, 128), (240, 240, 240), (30, 30, 30), (220, 150, 120), (90, 60, 40), (255, 255, 255)]


def solve(m, v):
    """The s for which the sum of s[i] * m[i] is v, by Cramer's rule."""
    def det(a, b, c):
        return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1])
    return det(v, m[1], m[2]) / det(*m), det(m[0], v, m[2]) / det(*m), det(m[0], m[1], v) / det(*m)


def invert(curve, light):
    """The sample that a curve takes to a light, by bisection for the one that is no power."""
    light = max(0, min(1, light))
    if curve is not srgb:
        return light ** (1 / curve)
    low, high = 0, 1
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if srgb(middle) < light else (low, middle)
    return low


def light_of(patch):
    """XYZ under D50 of a patch in sRGB."""
    rgb = [srgb(v / 255) for v in patch]
    return [sum(rgb[i] * SRGB[i][k] for i in range(3)) for k in range(3)]


def raw(path, samples, coding=">H"):
    """48 × 36 pixels of 12 patches."""
    with open(path, "wb") as out:
        for y in range(36):
            for x in range(48):
                out.write(b"".join(struct.pack(coding, v) for v in samples[y // 12 * 4 + x // 12]))


def lab_tiff(path, bits):
    """CIELAB under D50, as TIFF 6.0 has it: L of 0 to the largest number, a and b signed, of 16 bits in 256ths."""
    tags = [(256, 3, 1, 48), (257, 3, 1, 36), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 8), (273, 4, 1, 128),
            (277, 3, 1, 3), (278, 3, 1, 36), (279, 4, 1, 48 * 36 * 3 * bits // 8)]
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    for tag, kind, count, value in tags:
        head += struct.pack("<HHI", tag, kind, count) + struct.pack("<I", value)
    head = (head + b"\0\0\0\0").ljust(122, b"\0") + struct.pack("<3H", bits, bits, bits)
    samples = []
    for patch in CHART:
        l, a, b = lab16(*light_of(patch))
        samples.append((round(l * 65535 / 65280), a - 32768, b - 32768) if bits == 16 else
                       (round(l / 256), round(a / 256) - 128, round(b / 256) - 128))
    with open(path, "wb") as out:
        out.write(head.ljust(128, b"\0"))
        for y in range(36):
            for x in range(48):
                out.write(struct.pack("<Hhh" if bits == 16 else "<Bbb", *samples[y // 12 * 4 + x // 12]))


folder = sys.argv[1]
for key, (colorants, curve, name) in SPACES.items():
    matrix(f"{folder}/{key}.icc", name, *colorants, table(srgb) if curve is srgb else gamma(curve))
    raw(f"{folder}/{key}.raw", [[round(65535 * invert(curve, v)) for v in solve(colorants, light_of(p))] for p in CHART])
GREYS = [srgb(p[1] / 255) for p in CHART]
profile(f"{folder}/grey-1.8.icc", b"mntr", b"GRAY", b"XYZ ", {"desc": desc("Grey, gamma 1.8"), "kTRC": gamma(461 / 256)})
raw(f"{folder}/grey-1.8.raw", [[round(65535 * invert(461 / 256, v))] for v in GREYS])
cmyk(f"{folder}/press.icc")
lab_tiff(f"{folder}/lab.tif", 16)
lab_tiff(f"{folder}/lab-8.tif", 8)
