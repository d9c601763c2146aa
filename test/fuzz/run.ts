// `npm test -- fuzz` sends random and damaged input to parsers, header grammars, the signature check of every provider,
// and servers over raw sockets. It writes RESULTS.md. `--seed` repeats a run. `--seconds` is the total time (120).
// `--only` runs one area or the targets with a word in their name, and does not write RESULTS.md.
import { randomInt } from 'node:crypto'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { made } from '../run/made.ts'
import { table, writePage } from '../run/page.ts'
import { play, type Played } from './play.ts'
import { targets } from './targets.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    only: { type: 'string' },
    path: { type: 'string' },
  },
})
const { only } = values
const seed = Number(values.seed ?? randomInt(2 ** 31))
const seconds = Number(values.seconds)
if (!Number.isInteger(seed) || !(seconds > 0))
  throw new TypeError('--seed must be a whole number, and --seconds a number above 0')
const chosen = targets.filter(
  ({ area, name }) => only === undefined || area === only || name.includes(only),
)
if (chosen.length === 0) throw new TypeError(`--only ${only}: no target has that in its name`)
console.log(`seed ${seed}: ${chosen.length} targets, ${seconds} s in all`)
const played: Played[] = []
for (const target of chosen) {
  // Each area gets an equal share of the time. Otherwise the 80 providers would leave no time for the others.
  const share = chosen.filter(({ area }) => area === target.area).length
  const areas = new Set(chosen.map(({ area }) => area)).size
  const result = await play(target, {
    seed,
    runs: Number.MAX_SAFE_INTEGER,
    milliseconds: (1000 * seconds) / areas / share,
    path: values.path,
  })
  played.push(result)
  if (result.failure !== undefined)
    console.error(`✗ ${target.area} · ${target.name}\n${result.failure}`)
}
const broken = played.filter(({ failure }) => failure !== undefined)
for (const area of new Set(played.map(({ target }) => target.area))) {
  const of = played.filter(({ target }) => target.area === area)
  console.log(`${area.padEnd(10)} ${of.length} targets, ${sumOf(of, 'runs')} inputs`)
}
console.log(`${broken.length} of ${played.length} laws broken`)
if (only === undefined)
  writePage(
    import.meta.dirname,
    '# Fuzz runs',
    `${made('npm test -- fuzz')} A law is broken by an error that is no \`WebhookError\`, by another value than a
second reader finds, by a changed delivery that verifies, or by a handler that ran for a spoilt request.`,
    `Seed ${seed}, ${Math.round(sumOf(played, 'seconds'))} s, ${sumOf(played, 'runs')} inputs, load ${loadavg()[1]!.toFixed(1)} at the end.
${broken.length === 0 ? `None of ${played.length} laws was broken.` : `Broken: ${broken.map(({ target }) => target.name).join(', ')}.`}`,
    table(
      ['area', 'law', 'inputs', 'seconds', 'broken'],
      played.map(({ target: { area, name }, runs, seconds: took, failure }) => [
        area,
        name,
        runs,
        took.toFixed(1),
        failure === undefined ? 'no' : 'yes',
      ]),
      2,
    ),
    `## What it does not show

- Inputs are made by a seed for some seconds a law: another seed, or hours, may find more.
- The laws are about one process. Kills and outages are in [other runs](../faults/RESULTS.md).`,
  )
if (broken.length > 0) process.exitCode = 1
process.exit()

function sumOf(all: readonly Played[], what: 'runs' | 'seconds'): number {
  return all.reduce((sum, one) => sum + one[what], 0)
}
