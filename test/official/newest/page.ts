import { comparedOver } from '../../readme/shown.ts'

export interface Row {
  readonly sender: string
  readonly package: string
  readonly version: string
  /** Node.js versions that the library supports. */
  readonly node: string
  readonly cases: number
  readonly differences: readonly {
    readonly case: string
    /** True if Postern accepts the delivery. */
    readonly ours: boolean
    readonly reason: string
  }[]
}

/** Run over all libraries. */
export interface Run {
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly rows: readonly Row[]
}

export function page({ date, commit, node, rows }: Run): string {
  const cases = rows.reduce((sum, row) => sum + row.cases, 0)
  const differ = rows.flatMap((row) => row.differences.map((one) => ({ row, ...one })))
  const looser = differ.filter(({ ours }) => ours).length
  return `# Official libraries, at their newest versions

\`npm test -- official\` made this page on ${date}, of commit ${commit}, with Node.js ${node}. Each library, at its newest version on that day, is asked about the same deliveries as we are: the
known answers of \`test/vectors\` under their own clock, what our \`sign\` makes, spoilt ones, and, of libraries that sign too, what they make.
${rows.length} libraries, ${cases} cases, ${differ.length} differences: ${looser} that we take and the library rejects, ${differ.length - looser} that we reject and it takes.
A difference without a reason in \`reasons.json\` fails the run, and so does a reason for what differs no longer.

| sender | package | version | cases | differences | compared over, beside the plain case | its Node.js |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| \`${row.sender}\` | ${row.package} | ${row.version} | ${row.cases} | ${row.differences.length} | ${comparedOver(row.sender).join(', ') || 'nothing'} | ${row.node.replaceAll('|', '\\|')} |`).join('\n')}

The receivers themselves need Node.js 22.13 or newer; the run uses the newest that this repository pins, so that no library is left out. Libraries that
ask for less than 22 are asked on it too. On Node.js 20 \`npm test -- official\` starts, and hands over to the pinned one.

## Differences and their reasons

| sender | case | we | the library | reason |
| --- | --- | --- | --- | --- |
${differ.map((one) => `| \`${one.row.sender}\` | ${one.case.replaceAll('|', '\\|')} | ${one.ours ? 'take it' : 'reject it'} | ${one.ours ? 'rejects it' : 'takes it'} | ${one.reason} |`).join('\n')}

## What it does not show

Senders without a library of their own, forms that the last column but one does not name, and what a sender's servers really send: the deliveries are known answers and ours.
`
}
