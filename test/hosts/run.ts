// `npm test -- hosts` checks every host of hosts.ts with the packed packages, in temporary folders. The argument `Koa`
// selects hosts with that word in their name, `--kinds` one host per kind. A full run writes RESULTS.md.
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installPacked } from '../pack/install-packed.ts'
import { must } from '../pack/must.ts'
import { packAll, type Packed } from '../pack/tarballs.ts'
import { made } from '../run/made.ts'
import { npmCi } from '../run/npm-ci.ts'
import { table, writePage } from '../run/page.ts'
import { removeFolder, temporaryFolder, within } from '../services/temporary.ts'
import { columns, invoice, rejected } from './drive.ts'
import { hosts, type Host } from './hosts.ts'
import { start } from './start.ts'

/** Time limit in milliseconds for hosts that hang. Hosts reply within milliseconds. */
const WITHIN = 60_000
const runtimes = join(import.meta.dirname, '../runtimes')
const only = process.argv.slice(2).filter((one) => !one.startsWith('--'))
const kinds = process.argv.includes('--kinds')
const chosen = hosts.filter(
  ({ name, kind }) =>
    (!kinds || kind !== undefined) && (only.length === 0 || only.some((one) => name.includes(one))),
)

interface HostResult {
  readonly name: string
  readonly cells: Readonly<Record<string, string>>
  readonly problems: readonly string[]
}

const root = await temporaryFolder('hosts')
// Installs Bun and Deno.
if (chosen.some(({ start: [program] }) => program !== 'node')) await npmCi(runtimes)
process.env['PATH'] = `${join(runtimes, 'node_modules/.bin')}:${process.env['PATH']}`
const packed = await packAll(join(root, 'tarballs'), process.argv.includes('--built'))
const folders = new Map<string, Promise<string>>()
const found: HostResult[] = []
for (const host of chosen) {
  const result = await tried(host, await folderOf(host, packed))
  found.push(result)
  console.log(
    `${host.name}: ${Object.entries(result.cells)
      .map(([name, cell]) => `${name} ${cell}`)
      .join(', ')}`,
  )
  for (const problem of result.problems) console.error(`  ${problem}`)
}
await removeFolder(root)
const failed = found.filter(({ problems }) => problems.length > 0)
if (failed.length === 0 && chosen.length === hosts.length)
  writePage(
    import.meta.dirname,
    '# Hosts',
    made('npm test -- hosts'),
    `From the packed packages, installed with npm. The senders' own packages sign (\`@octokit/webhooks-methods\`, \`stripe\`, \`twilio\`); bytes are compared by
their digest in the handler. Shutdown: SIGTERM in the middle of a handler, which must end first; \`at once\` is a server or function that is not waited for, and
needs an inbox that outlives it.`,
    table(
      ['host', ...Object.keys(found[0]!.cells)],
      found.map(({ name, cells }) => [name, ...Object.values(cells)]),
    ),
    `## What it does not show

- Platforms whose server runs nowhere else (Azure Functions, Vercel): their pages say so.
- A proxy, a load balancer or TLS in front of the host.`,
  )
console.log(`${found.length - failed.length} hosts passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

/** Installs the host's packages and builds its app. Returns the folder. */
async function folderOf(host: Host, all: readonly Packed[]): Promise<string> {
  const key = host.packages.join(' ')
  const made = folders.get(key) ?? install(join(root, String(folders.size)), host, all)
  folders.set(key, made)
  const folder = await made
  if (host.build) await must(host.build[0]!, host.build.slice(1), { cwd: folder })
  return folder
}

async function install(folder: string, host: Host, all: readonly Packed[]): Promise<string> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  await cp(join(import.meta.dirname, 'apps'), folder, { recursive: true })
  if (host.files) await cp(join(folder, host.files), folder, { recursive: true })
  const ours = ['core', 'providers', ...host.ours].map((name) => `@postern/${name}`)
  await installPacked(folder, [...ours, ...host.packages], all)
  return folder
}

async function tried(host: Host, folder: string): Promise<HostResult> {
  const cells: Record<string, string> = {}
  const problems: string[] = []
  const started = await start(host.start, folder, host.env)
  const judge = async (name: string, one: () => Promise<unknown>): Promise<void> => {
    try {
      await within(one(), WITHIN)
      cells[name] = 'yes'
    } catch (error) {
      cells[name] = 'NO'
      problems.push(`${name}: ${String(error)}`)
    }
  }
  try {
    for (const [name, one] of Object.entries(columns)) await judge(name, () => one(started))
    const { guarded } = host
    if (guarded !== undefined) await judge("framework's check", () => rejected(started, guarded))
    else cells["framework's check"] = '–'
    if (host.waits)
      await judge('shutdown', async () => {
        await invoice(started, 'evt_last', 300)
        await started.line('began evt_last')
        await started.end()
        await started.line('handled stripe evt_last')
      })
    else cells['shutdown'] = 'at once'
  } finally {
    await started.stop()
  }
  return { name: host.name, cells, problems }
}
