/** Escapes text for MDX. Code between backticks stays. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : part
            .replace(/[{}<]/g, (sign) => `\\${sign}`)
            .replace(
              /\bhttps?:\/\/[^\s)|,;]+[^\s)|,;.]/g,
              (url) => `[${url.replace(/^https?:\/\//, '')}](${url})`,
            ),
    )
    .join('')
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A block of TypeScript. */
export function code(text: string, language = 'ts'): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}

/** Milliseconds as people write them. */
export function lasting(ms: number): string {
  for (const [unit, length] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const)
    if (ms >= length) {
      const count = Math.round((ms / length) * 10) / 10
      return `${count} ${unit}${count === 1 ? '' : 's'}`
    }
  return `${ms} ms`
}

/** The form that explains a rejection, with the sender chosen. */
export function explainForm(sender: string, title: string): string {
  return `<Explain sender=${JSON.stringify(sender)} title=${JSON.stringify(title)} />`
}
