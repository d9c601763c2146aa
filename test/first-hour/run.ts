// `npm test -- first-hour` measures the time from `npm create postern` to a handled delivery. Writes RESULTS.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  installPrograms,
  onThisMachine,
  templates,
  throughTunnel,
  useTemplate,
  type Way,
} from '../pack/create.ts'
import { packAll } from '../pack/tarballs.ts'
import { made } from '../run/made.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'

/** Allowed time on a quiet machine, in seconds. */
const LIMIT = 90

const folder = await temporaryFolder('first-hour')
const packages = await packAll(join(folder, 'tarballs'), process.argv.includes('--built'))
const programs = await installPrograms(join(folder, 'programs'), packages)
let slowest = 0

const local = await rows('local', templates, onThisMachine)
const tunneled = await rows(
  'tunnel',
  templates.filter(({ provider }) => provider === 'stripe'),
  throughTunnel,
)
await removeFolder(folder)
writeFileSync(
  join(import.meta.dirname, 'RESULTS.md'),
  `# The clock of a newcomer

${made('npm test -- first-hour')}

From \`npm create postern\` to a signed delivery that was handled, with the packed packages. At most ${LIMIT} s are allowed.

## Through a tunnel

After the secret, one command: \`postern dev stripe --to http://localhost:3000/webhooks/stripe -- npm run dev\`. It starts the tunnel and the app, and registers the URL. The sender then delivers to that URL.

${table(tunneled)}

A delivery with another secret got 401. At the end, the endpoint, the tunnel and the app were gone.

## With \`postern send\`

${table(local)}

## What it does not show

Nobody types: the secret is filled in at once, and \`--yes\` answers the question of \`postern dev\`. Packages come from pnpm's store if it has them.

The tunnel and Stripe are programs on this machine, in the place of cloudflared and of Stripe's API (\`-o api=…\`). The time of a real tunnel is not in it. \`workers\` and \`apart\` start with \`postern send\` only: the one needs wrangler, the other a second process.
`,
)
console.log(`the slowest took ${slowest.toFixed(1)} of ${LIMIT} s`)
if (slowest > LIMIT) process.exitCode = 1

/** Creates and starts an app from each template. Returns the rows of the table. */
async function rows(name: string, used: typeof templates, way: Way): Promise<readonly string[]> {
  const found: string[] = []
  for (const template of used) {
    const start = performance.now()
    let last = start
    const steps: string[] = []
    const target = join(folder, `${template.name}-${name}`)
    const tell = (step: string): void => {
      const now = performance.now()
      steps.push(`${step} ${seconds(now - last)}`)
      last = now
    }
    await useTemplate(template, target, packages, programs, way, tell)
    slowest = Math.max(slowest, (last - start) / 1000)
    found.push(`| ${template.name} | ${steps.join(', ')} | ${seconds(last - start)} |`)
    console.log(`${name}: ${template.name}: ${steps.join(', ')}; ${seconds(last - start)} in all`)
  }
  return found
}

function table(lines: readonly string[]): string {
  return ['| template | steps | in all |', '| --- | --- | --- |', ...lines].join('\n')
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
