import type { Outcome } from './send.ts'

export function toTable(outcomes: readonly Outcome[]): string {
  const head = ['source', 'delivery', 'reply', 'runs', '']
  const rows = outcomes.map((one) => [
    one.source,
    one.what,
    `${one.got} ${one.gotCode}`.trim(),
    String(one.gotRuns),
    one.right ? 'ok' : `WRONG: expected ${one.status} ${one.code ?? ''} and ${one.runs ?? 0} runs`,
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
