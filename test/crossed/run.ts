// `npm test -- crossed` lists Postern's files and functions that run for one delivery, from Express' `webhook()` to its
// handler.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../run/report.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-crossed-'))
try {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'test/crossed/app.ts')],
    { env: { ...process.env, NODE_V8_COVERAGE: folder }, encoding: 'utf8' },
  )
  if (status !== 0 || stdout.trim() !== '200') throw new Error(`${stdout}${stderr}`)
  // The second report contains only what ran since the first one, which is the delivery.
  const [, delivery] = readdirSync(folder)
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage)
    .toSorted((a, b) => a.timestamp - b.timestamp)
  const files = new Map<string, readonly string[]>()
  for (const { url, functions } of delivery!.result) {
    const [, file] = /\/packages\/([^/]+\/src\/.*)$/.exec(url) ?? []
    // Leaves out functions without a name: modules, which ran when they were loaded, and arrow functions.
    const ran = functions.filter(({ functionName, ranges }) => functionName && ranges[0]!.count > 0)
    if (file && ran.length > 0)
      files.set(
        file,
        ran.map(({ functionName }) => functionName),
      )
  }
  for (const [file, names] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${file}: ${names.join(', ')}`)
  const functions = [...files.values()].reduce((sum, names) => sum + names.length, 0)
  console.log(`\n${files.size} files, ${functions} functions`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

interface Coverage {
  readonly timestamp: number
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly functionName: string
      readonly ranges: readonly { readonly count: number }[]
    }[]
  }[]
}
