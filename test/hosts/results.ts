import { made } from '../run/made.ts'

/** What a host did, by column. */
export interface HostResult {
  readonly name: string
  readonly cells: Readonly<Record<string, string>>
  readonly problems: readonly string[]
}

/** The page of a whole run. */
export function results(found: readonly HostResult[]): string {
  const columns = Object.keys(found[0]!.cells)
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    '# Hosts',
    '',
    made('npm test -- hosts'),
    '',
    "From the packed packages, installed with npm. The senders' own packages sign (`@octokit/webhooks-methods`, `stripe`, `twilio`); bytes are compared by",
    'their digest in the handler. Shutdown: SIGTERM in the middle of a handler, which must end first; `at once` is a server or function that is not waited for, and',
    'needs an inbox that outlives it.',
    '',
    row(['host', ...columns]),
    row(['---', ...columns.map(() => '---')]),
    ...found.map(({ name, cells }) => row([name, ...columns.map((column) => cells[column] ?? '')])),
    '',
    '## What it does not show',
    '',
    '- Platforms whose server runs nowhere else (Azure Functions, Vercel): their pages say so.',
    '- A proxy, a load balancer or TLS in front of the host.',
    '',
  ].join('\n')
}
