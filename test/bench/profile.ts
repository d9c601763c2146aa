// `node test/bench/profile.ts <subject> [bytes]` loads one subject and prints where it spends CPU time. Run `npm run
// bench -- --quick` first, which installs the dependencies.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delivery, ID_HEADERS } from './deliveries.ts'
import { startLoader, startServer } from './http/processes.ts'
import { subjects } from './subjects/subjects.ts'

const [name = 'node-postern', bytes = '1024'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'postern-profile-'))
const subject = subjects[name]!
const loader = await startLoader()
const server = await startServer(name, {
  NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=${folder}`,
})
const before = await server.use()
const { requests } = await loader.run({
  port: server.port,
  path: subject.path ?? '/hook',
  ...delivery(subject.sender, Number(bytes)),
  idHeader: ID_HEADERS[subject.sender],
  connections: 64,
  time: 6000,
})
const after = await server.use()
console.log(`${requests} requests, ${((after.cpu - before.cpu) / requests).toFixed(1)} µs each`)
await loader.stop()
await server.end()
printProfile(join(folder, readdirSync(folder)[0]!))
rmSync(folder, { recursive: true })

function printProfile(file: string): void {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const self = new Map<number, number>()
  profile.samples.forEach((id, at) =>
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[at] ?? 0)),
  )
  const total = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0)
  const byFunction = new Map<string, number>()
  for (const node of profile.nodes) {
    const { functionName, url, lineNumber } = node.callFrame
    const where = `${functionName || '(anonymous)'} ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`
    byFunction.set(where, (byFunction.get(where) ?? 0) + (self.get(node.id) ?? 0))
  }
  const rows = [...byFunction].toSorted(([, a], [, b]) => b - a).slice(0, 45)
  for (const [where, time] of rows)
    console.log(`${((time / total) * 100).toFixed(1).padStart(5)} %  ${where}`)
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
