// `npm run bench` measures and writes RESULTS.md and pictures/. Options after `--`:
//   --within <min>   measures all parts within this number of minutes: the most important parts in full, as many
//                    others as fit, and rough figures of the rest, which the page names
//   --quick          rough figures in a few minutes, written only to .results/quick/
//   --part <name>    only this part; repeatable; the page keeps the last figures of the others
//   --only <text>    only HTTP subjects whose name contains the text; printed, not stored
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { postgresServer, redisServer } from '../services/programs.ts'
import { run } from '../run/step.ts'
import { buildNextApp, installPackages, installPeers } from './install.ts'
import { PAGES, PARTS } from './parts/parts.ts'
import { byWeight, isFull } from './plan.ts'
import { writePage } from './report/page.ts'
import { readStored } from './report/stored.ts'

const here = import.meta.dirname
process.env['NEXT_TELEMETRY_DISABLED'] = '1'
const { quick, part, only, within } = options()
const wanted = part ?? (only === undefined ? Object.keys(PARTS) : ['http'])
const names = within === undefined ? wanted : byWeight(wanted)
const unknown = names.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0) fail(`No part is called ${unknown.join(', ')}.`)

for (const { name, file, get } of [redisServer, postgresServer])
  if (file === undefined) console.log(`Left out: all that stands on ${name}, not found. ${get}`)
await installPeers()
await installPackages()
if (names.includes('http') && (only === undefined || 'next-postern'.includes(only)))
  await buildNextApp()

const folder = join(here, '.results', ...(quick ? ['quick'] : []))
if (part === undefined && only === undefined) clear()
mkdirSync(folder, { recursive: true })
const began = performance.now()
for (const [at, name] of names.entries()) {
  const spent = (performance.now() - began) / 1000
  const rough =
    quick || (within !== undefined && !isFull(name, names.slice(at + 1), within * 60 - spent))
  console.log(`\n— ${name}${rough ? ', rough' : ''}`)
  const file = only === undefined ? `${name}.json` : 'only.json'
  const flags = [
    ...(rough ? ['--quick'] : []),
    ...(only === undefined ? [] : ['--only', only]),
    '--command',
    ['npm run bench --', ...process.argv.slice(2)].join(' '),
  ]
  const command = [join(here, 'measure.ts'), name, join(folder, file), ...flags]
  const { code } = await run(process.execPath, command, { show: true })
  if (code !== 0) {
    console.log(`The part ${name} failed.`)
    process.exitCode = 1
  }
}
if (only === undefined) {
  const apart = Object.values(PAGES).flat()
  const rest = Object.keys(PARTS).filter((name) => !apart.includes(name))
  for (const [page, parts] of Object.entries({ ...PAGES, '.': rest })) {
    if (!parts.some((name) => names.includes(name))) continue
    const to = join(quick ? folder : here, page)
    console.log(`\nWritten: ${writePage(readStored(folder, parts), to, page === '.')}`)
  }
}

function options(): {
  readonly quick: boolean
  readonly part: string[] | undefined
  readonly only: string | undefined
  readonly within: number | undefined
} {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        part: { type: 'string', multiple: true },
        only: { type: 'string' },
        within: { type: 'string' },
      },
    })
    const within = values.within === undefined ? undefined : Number(values.within)
    if (within !== undefined && !(within > 0))
      throw new TypeError(`--within must be a number of minutes, got ${values.within}`)
    return { quick: values.quick, part: values.part, only: values.only, within }
  } catch (error) {
    return fail(String(error))
  }
}

function fail(message: string): never {
  console.error(
    `${message}\nusage: npm run bench -- [--quick] [--within <minutes>] [--part <name>]… [--only <subject>]\nparts: ${Object.keys(PARTS).join(', ')}`,
  )
  process.exit(2)
}

/** A full run replaces all figures, even if one of its parts fails. */
function clear(): void {
  for (const name of Object.keys(PARTS)) rmSync(join(folder, `${name}.json`), { force: true })
}
