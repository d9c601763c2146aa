import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { root } from '../run/report.ts'
import type { Installed } from './installed.ts'

export interface Tarball {
  readonly name: string
  readonly version: string
  readonly file: string
  readonly bytes: number
}

export interface Rehearsal {
  readonly commit: string
  readonly tarballs: readonly Tarball[]
  readonly installed: readonly Installed[]
  /** Results of the upgrade, one line each. */
  readonly upgraded: readonly string[]
  readonly failures: readonly string[]
}

export function writeResults(found: Rehearsal): void {
  const { commit, tarballs, installed, upgraded, failures } = found
  const rows = tarballs.map(({ name, version, bytes }) => {
    const one = installed.find((each) => each.name === name)
    const told = one
      ? `${one.packages} | ${one.megabytes.toFixed(1)} | ${one.seconds.toFixed(1)}`
      : '– | – | –'
    return `| \`${name}\` | ${version} | ${Math.round(bytes / 1000)} | ${told} |`
  })
  const text = `# A release, rehearsed

\`npm test -- rehearsal\` made this page on ${new Date().toISOString().slice(0, 10)}, of commit ${commit}, with Node.js ${process.version}. A clone of HEAD was
built, packed, published to a registry on this machine, and used from there by \`npm\` and \`npx\` with an empty cache.

${failures.length === 0 ? 'All steps passed.' : `**Failed:**\n\n${failures.map((line) => `- ${line.split('\n')[0]}`).join('\n')}`}

publint and attw judged the files that the registry gave back; the size limits were held against them too. \`npx postern init\`
wrote into a fresh project, whose test passed and which took a signed delivery and rejected a spoilt one.

## What was published, and what an empty folder installed

| package | version | tarball, kB | packages | MB | seconds |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join('\n')}

"packages", "MB" and "seconds" are a production install of that package alone, with the peers that it asks for. The machine had a load of
${loadavg()[2]!.toFixed(0)} on ${availableParallelism()} cores when this was written: at a high one, seconds say little.
${installed.every(({ extra }) => extra.length === 0) ? 'None brings anything that only tests need.' : 'Some bring what only tests need: see above.'}

## Upgrade

${upgraded.length === 0 ? 'Not run.' : upgraded.map((line) => `- ${line}`).join('\n')}

## What it does not show

The public registry, its accounts and its proof of origin: nothing was published there.
`
  writeFileSync(join(root, 'test/release/RESULTS.md'), text)
}
