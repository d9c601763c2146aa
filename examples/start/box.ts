/** Lines in a box no wider than the terminal, in color where the output is a terminal that has it. An address stays whole. */
export function boxed(
  given: readonly string[],
  isColoured: boolean = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  columns: number = process.stdout.columns ?? Infinity,
): string {
  const lines = given.flatMap((line) =>
    line.startsWith('http') ? [line] : broken(line, columns - 4),
  )
  const width = Math.max(...lines.map((line) => line.length))
  const paint = (text: string, code: number): string =>
    isColoured ? `\u001B[${code}m${text}\u001B[0m` : text
  const edge = (left: string, right: string): string =>
    paint(`${left}${'─'.repeat(width + 2)}${right}`, 32)
  const side = paint('│', 32)
  return [
    edge('┌', '┐'),
    ...lines.map((line) => {
      const text = line.startsWith('http') ? paint(line, 36) : line
      return `${side} ${text}${' '.repeat(width - line.length)} ${side}`
    }),
    edge('└', '┘'),
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
