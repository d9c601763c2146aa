// `npm test -- first-hour`: the clock of a newcomer, from `npm create postern` to a handled delivery. Writes RESULTS.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPrograms, templates, useTemplate } from '../pack/create.ts'
import { packAll } from '../pack/tarballs.ts'
import { made } from '../run/made.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'

/** How long it may take on a quiet machine, in seconds. */
const LIMIT = 90

const folder = await temporaryFolder('first-hour')
const packages = await packAll(join(folder, 'tarballs'), process.argv.includes('--built'))
const programs = await installPrograms(join(folder, 'programs'), packages)
const rows: string[] = []
let slowest = 0
for (const template of templates) {
  const start = performance.now()
  let last = start
  const steps: string[] = []
  await useTemplate(template, join(folder, template.name), packages, programs, (step) => {
    const now = performance.now()
    steps.push(`${step} ${seconds(now - last)}`)
    last = now
  })
  const whole = (performance.now() - start) / 1000
  slowest = Math.max(slowest, whole)
  rows.push(`| ${template.name} | ${steps.join(', ')} | ${whole.toFixed(1)} s |`)
  console.log(`${template.name}: ${steps.join(', ')}; ${whole.toFixed(1)} s in all`)
}
await removeFolder(folder)
writeFileSync(
  join(import.meta.dirname, 'RESULTS.md'),
  `# The clock of a newcomer

${made('npm test -- first-hour')}

From \`npm create postern\` to a signed delivery that was handled, with the packed packages. At most ${LIMIT} s are allowed.

| template | steps | in all |
| --- | --- | --- |
${rows.join('\n')}

## What it does not show

Nobody types: the secret is filled in at once. Packages come from pnpm's store if it has them. The sender is \`postern send\` on this machine.
`,
)
console.log(`the slowest took ${slowest.toFixed(1)} of ${LIMIT} s`)
if (slowest > LIMIT) process.exitCode = 1

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
