/** Lines in a box, in colour where the output is a terminal that has it. */
export function boxed(
  lines: readonly string[],
  isColoured: boolean = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
): string {
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
