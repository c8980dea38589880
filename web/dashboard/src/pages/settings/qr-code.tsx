// A QR code, drawn here: its content never leaves the browser.

import { useMemo } from "react";
import { encode } from "uqr";

const QUIET = 4;

/** Dark on white in both appearances, with the quiet border that cameras need. */
export function QrCode({ content, label, size }: { content: string; label: string; size: number }) {
  const { side, path } = useMemo(() => draw(content), [content]);
  return (
    <svg viewBox={`0 0 ${side} ${side}`} width={size} height={size} role="img" aria-label={label}>
      <rect width={side} height={side} fill="#ffffff" />
      <path d={path} fill="#000000" shapeRendering="crispEdges" />
    </svg>
  );
}

function draw(content: string): { side: number; path: string } {
  const { data } = encode(content, { ecc: "M", border: QUIET });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return { side: data.length, path: squares.join("") };
}
