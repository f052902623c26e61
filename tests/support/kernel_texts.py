"""C++ for tests of kernels."""

FIRST_LINE = (
    "void sample(const float* map, int height, int width, int channels, const float* yx, int count, float scale, "
    "float* out)"
)

# A right kernel.
PLAIN = f"""
{FIRST_LINE} {{
  for (int i = 0; i < count; ++i) {{
    const float y = std::clamp(yx[2 * i] / scale, 0.0f, static_cast<float>(height - 1));
    const float x = std::clamp(yx[2 * i + 1] / scale, 0.0f, static_cast<float>(width - 1));
    const int top = static_cast<int>(y), left = static_cast<int>(x);
    const int below = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
    const float dy = y - top, dx = x - left;
    for (int c = 0; c < channels; ++c) {{
      const auto at = [&](int row, int column) {{ return map[(row * width + column) * channels + c]; }};
      const float upper = (1 - dx) * at(top, left) + dx * at(top, right);
      const float lower = (1 - dx) * at(below, left) + dx * at(below, right);
      out[i * channels + c] = (1 - dy) * upper + dy * lower;
    }}
  }}
}}
"""


def body(*lines: str, above: str = "") -> str:
    """Write a kernel that sets its output to 0, and does what the lines say, the first of them in line 4."""
    return "\n".join(
        [
            above,
            f"{FIRST_LINE} {{",
            "  std::fill(out, out + count * channels, 0.0f);",
            *(f"  {line}" for line in lines),
            "}",
            "",
        ]
    )
