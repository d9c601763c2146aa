// `npm test -- mutation` lets Stryker change the sources in a copy of the repository, one change at a time, and checks
// whether a test fails. It covers core's schemes, bodies, line (receiving a delivery) and tasks, which takes about an
// hour on two idle cores. `schemes body` runs only these parts. `--sample 1000 --seed 1` runs 1,000 mutants of the
// other sources, `body --sample 300` runs 300 of a part. `--concurrency` is the number of processes, and `--minutes`
// (60) limits each part. Writes RESULTS.md, which names what did not run.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { copyRepository } from './copy.ts'
import { PARTS, REST, type MutationPart } from './parts.ts'
import { scoreOf, writeResult } from './results.ts'
import { tryPart } from './try.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: String(availableParallelism()) },
    minutes: { type: 'string', default: '60' },
    file: { type: 'string' },
  },
})
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0)
  throw new TypeError(
    `no part is called ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`,
  )
const copy = await copyRepository()
process.once('exit', () => copy.remove())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const parts = values.sample === undefined || positionals.length > 0 ? namedParts() : { rest: REST }
const options = {
  folder: copy.folder,
  concurrency: Number(values.concurrency),
  minutes: Number(values.minutes),
  sample: values.sample,
  seed: values.seed,
}
for (const [name, part] of Object.entries(parts)) {
  const result = await tryPart(name, part, options)
  if (result.mutants.length > 0) {
    console.log(`${name}: ${scoreOf(result.mutants).toFixed(1)} % killed`)
    writeResult(result)
  }
  if (result.stopped === 'failure') {
    console.error(`Stryker failed at ${name}: what it had done is written`)
    process.exitCode = 1
  }
}

/** Returns the requested parts, or one file of them. */
function namedParts(): Record<string, MutationPart> {
  const named = Object.entries(PARTS).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name),
  )
  const { file } = values
  if (file === undefined) return Object.fromEntries(named)
  return Object.fromEntries(
    named.map(([name, part]) => [`${name}: ${file}`, { ...part, mutate: [file] }]),
  )
}
