// Measures one part in its own process, so that compiled code and allocations of one part do not affect another.
// Arguments: the part, the file for its result, `--quick` and `--only <text>` as in `run.ts`, and `--command <text>`
// (the command that the page shows).
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { PARTS } from './parts/parts.ts'
import { machine } from './report/machine.ts'
import { tableText } from './report/markdown.ts'
import type { StoredPart } from './report/stored.ts'
import { commit } from '../run/made.ts'

const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    command: { type: 'string', default: 'npm run bench' },
  },
  allowPositionals: true,
})
const [name = '', file = ''] = positionals
const part = await PARTS[name]!()
const started = performance.now()
const before = loadavg()[0]!
const result = await part({ quick: values.quick, only: values.only })
const stored: StoredPart = {
  name,
  date: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 1000),
  quick: values.quick,
  command: values.command,
  commit: commit(),
  machine: machine(),
  load: [before, loadavg()[0]!],
  result,
}
writeFileSync(file, JSON.stringify(stored, null, 2))
for (const table of result.tables) console.log(tableText(table))
// Connection pools and servers of peers may keep the process alive.
process.exit()
