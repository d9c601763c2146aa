// Colors follow the reader's theme. Without a theme, mid-tones are readable on white and on GitHub's dark gray.
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .quiet { fill: #59636e; font-size: 12px }
  .strong { font-weight: 600 }
  .rule { stroke: #d1d9e0; stroke-width: 1 }
  .limit { stroke: #59636e; stroke-width: 1; stroke-dasharray: 4 4 }
  .bar { fill: #b6c0cb }
  .ours { fill: #0f7b6c }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .rule { stroke: #3d444d }
    .limit { stroke: #9198a1 }
    .bar { fill: #57606a }
    .ours { fill: #2bb3a0 }
  }`

/** Returns an SVG file with this content. Its background is transparent. */
export function svg(
  title: string,
  width: number,
  height: number,
  drawn: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    text(0, 18, title, 'title'),
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

/** Returns a line of text. `anchor` is the side that `x` refers to. */
export function text(
  x: number,
  y: number,
  content: string,
  name = '',
  anchor: 'start' | 'middle' | 'end' = 'start',
): string {
  return `<text x="${round(x)}" y="${round(y)}"${name && ` class="${name}"`} text-anchor="${anchor}">${escaped(content)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${name}"/>`
}

/** Rounds to one digit, because more cannot be seen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
