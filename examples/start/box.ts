/**
 * Returns the lines between two rules, wrapped to the terminal's width, in color if the output is a terminal. URLs are
 * not wrapped.
 */
export function boxed(
  given: readonly string[],
  isColoured: boolean = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  columns: number = process.stdout.columns ?? Infinity,
): string {
  const lines = given.flatMap((line) => (line.startsWith('http') ? [line] : broken(line, columns)))
  const width = Math.min(columns, Math.max(...lines.map((line) => line.length)))
  const paint = (text: string, code: number): string =>
    isColoured ? `\u001B[${code}m${text}\u001B[0m` : text
  const rule = paint('─'.repeat(width), 32)
  return [
    rule,
    ...lines.map((line) => (line.startsWith('http') ? paint(line, 36) : line)),
    rule,
  ].join('\n')
}

/** Wraps a line at spaces. */
function broken(line: string, most: number): readonly string[] {
  const lines = ['']
  for (const word of line.split(' ')) {
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
