/** Lines between two rules, no wider than the terminal, in color where the output is a terminal that has it. An address stays whole. */
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

/** A line broken between words. */
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
