// `npm test -- fuzz`: random and damaged input for parsers, header grammars, the signature of every provider, and
// servers over raw sockets. `--seed` repeats a run. `--seconds` is its total time (120). `--only` runs one area or the
// targets with that word in their name, and writes nothing. It writes RESULTS.md.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { play, type Played } from './play.ts'
import { writeResults } from './results.ts'
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
  // Each area gets an equal share, so that 80 providers leave time for the others.
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
  const runs = of.reduce((sum, one) => sum + one.runs, 0)
  console.log(`${area.padEnd(10)} ${of.length} targets, ${runs} inputs`)
}
console.log(`${broken.length} of ${played.length} laws broken`)
if (only === undefined) writeResults(seed, played)
if (broken.length > 0) process.exitCode = 1
process.exit()
