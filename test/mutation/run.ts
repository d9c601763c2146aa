// `npm run test:mutation`: Stryker changes the sources in a copy of the repository, one change at a time, and looks whether a
// test fails. It takes core's schemes, bodies, line and kit, about an hour on two idle cores; `-- schemes body` takes these
// alone. `-- --sample 1000 --seed 1` tries so many mutants of the other sources. It writes RESULTS.md; `--concurrency` (2).
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../run/step.ts'
import { copyRepository } from './copy.ts'
import { PARTS, REST, type MutationPart } from './parts.ts'
import { scoreOf, writeResults, type MutantOf, type PartResult } from './results.ts'
import { rangeOf, sampleMutants } from './sample.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: String(availableParallelism()) },
    file: { type: 'string' },
  },
})
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0)
  throw new TypeError(
    `no part is called ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`,
  )
const parts: Record<string, MutationPart> = {}
if (values.sample === undefined)
  for (const [name, part] of Object.entries(PARTS))
    if (positionals.length === 0 || positionals.includes(name)) parts[name] = part

const copy = await copyRepository()
process.once('exit', () => copy.remove())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.chdir(copy.folder)
if (values.sample !== undefined) {
  const left = new Set(globSync(REST.except))
  const files = globSync([...REST.mutate]).filter((file) => !left.has(file))
  const mutants = await sampleMutants(files.toSorted(), Number(values.sample), Number(values.seed))
  parts[`sample of ${mutants.length}, seed ${values.seed}`] = {
    mutate: mutants.map(rangeOf),
    tests: REST.tests,
  }
}

const results: PartResult[] = []
for (const [name, part] of Object.entries(parts)) {
  const started = performance.now()
  const output = join(copy.folder, 'mutants.json')
  const mutate = values.file === undefined ? part.mutate : [values.file]
  const options = { mutate, output, concurrency: Number(values.concurrency) }
  const { code } = await run(
    process.execPath,
    ['test/mutation/stryker.ts', JSON.stringify(options)],
    {
      cwd: copy.folder,
      show: true,
      env: { MUTATION_TESTS: part.tests.join(';'), MUTATION_ROOT: copy.folder },
    },
  )
  if (code !== 0) throw new Error(`Stryker ended with ${code} at ${name}`)
  const mutants = JSON.parse(readFileSync(output, 'utf8')) as readonly MutantOf[]
  const result = {
    name: values.file === undefined ? name : `${name}: ${values.file}`,
    minutes: (performance.now() - started) / 60_000,
    mutants: mutants.map((mutant) => told(mutant)),
  }
  results.push(result)
  console.log(`${name}: ${scoreOf(result.mutants).toFixed(1)} % killed`)
}
writeResults(results)

/** With the path inside the repository, and the line that is changed. */
function told(mutant: MutantOf): MutantOf {
  const file = mutant.fileName.replace(`${copy.folder}/`, '')
  const text = readFileSync(join(copy.folder, file), 'utf8').split('\n')[
    mutant.location.start.line - 1
  ]
  return { ...mutant, fileName: file, line: text?.trim() ?? '' }
}
