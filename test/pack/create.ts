import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../services/temporary.ts'
import { run } from '../run/step.ts'
import { startPostgres } from '../services/postgres.ts'
import { bundleWorker, startWorkerd } from '../services/workerd.ts'
import { bare } from './bare.ts'
import { must } from './must.ts'
import { asPnpmProject, pnpm } from './pnpm.ts'
import type { Packed } from './tarballs.ts'

const SECRET = 'whsec_of the tests'
/** An app that has not handled its delivery by then has something wrong. */
const WAIT = 120_000

/** A template of `npm create postern`, and how it is used. */
interface Template {
  readonly name: string
  readonly provider: 'github' | 'stripe'
  /** Where its secrets belong. */
  readonly env: string
  /** Scripts of its package.json that start it. Workers have none: `wrangler dev` is workerd, which is started here. */
  readonly start: readonly string[]
  readonly before?: readonly string[]
  /** What its handler prints. */
  readonly handled: RegExp
}

const booked = { provider: 'stripe', handled: /booked in_/ } as const

/** All of them. */
export const templates: readonly Template[] = [
  { name: 'express', env: '.env', start: ['start'], ...booked },
  { name: 'next', env: '.env.local', before: ['setup'], start: ['start'], ...booked },
  { name: 'nest', env: '.env', start: ['start'], ...booked },
  { name: 'workers', provider: 'github', env: '.env', start: [], handled: /^push/ },
  {
    name: 'apart',
    provider: 'github',
    env: '.env',
    start: ['start', 'start:worker'],
    handled: /^deploy \S/m,
  },
]

/** The packed programs. */
export interface Programs {
  readonly create: string
  readonly postern: string
}

/** Installs `create-postern` and the command line from their tarballs. */
export async function installPrograms(
  folder: string,
  packages: readonly Packed[],
): Promise<Programs> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  await asPnpmProject(folder, packages, process.versions.node)
  await pnpm(['add', '--prefer-offline', 'postern', 'create-postern'], folder)
  const program = (name: string): string => join(folder, 'node_modules', name, 'dist/main.js')
  return { create: program('create-postern'), postern: program('postern') }
}

/** Makes, installs, builds and starts each template, and sends it a delivery. Returns what is wrong, by template. */
export async function checkCreate(
  folder: string,
  packages: readonly Packed[],
): Promise<readonly (readonly [name: string, problem: string | undefined])[]> {
  const programs = await installPrograms(join(folder, 'programs'), packages)
  const findings: (readonly [string, string | undefined])[] = []
  for (const template of templates) {
    const problem = await useTemplate(template, join(folder, template.name), packages, programs)
      .then(() => undefined)
      .catch(String)
    findings.push([`npm create postern, ${template.name}`, problem])
  }
  return findings
}

/** One template from nothing to a handled delivery; `tell` hears of each step that ended. Rejects with what is wrong. */
export async function useTemplate(
  { name, provider, env, start, before = [], handled }: Template,
  folder: string,
  packages: readonly Packed[],
  { create, postern }: Programs,
  tell: (step: string) => void = () => {},
): Promise<void> {
  await must(process.execPath, [create, folder, '--template', name])
  tell('npm create postern')
  await asPnpmProject(folder, packages, process.versions.node)
  await pnpm(['install', '--prefer-offline'], folder)
  tell('install')
  const file = join(folder, env)
  const text = (await readFile(file, 'utf8')).replace('<your-secret>', `'${SECRET}'`)
  const database = text.includes('DATABASE_URL') ? await startPostgres() : undefined
  const started: ChildProcess[] = []
  try {
    await writeFile(file, text.replace(/^DATABASE_URL=.*$/m, `DATABASE_URL=${database?.url}`))
    tell('the secret')
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    for (const script of [...before, ...('build' in scripts ? ['build'] : [])])
      await must('npm', ['run', script], { cwd: folder, env: bare })
    tell('build')
    if (start.length === 0) return await inWorkerd()
    const port = await freePort()
    let printed = ''
    for (const script of start) {
      const child = spawn('npm', ['run', script], {
        cwd: folder,
        env: { ...process.env, ...bare, PORT: String(port) },
        // What npm starts ends with its group.
        detached: true,
      })
      started.push(child)
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => (printed += String(data)))
    }
    const url = `http://localhost:${port}/webhooks/${provider}`
    await until(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      () => printed,
    )
    tell('start')
    await send(url)
    await until(
      async () => handled.test(printed),
      () => printed,
    )
    tell('one handled delivery')
  } finally {
    for (const child of started) {
      const isRunning = child.exitCode === null && child.signalCode === null
      if (isRunning) {
        const ended = once(child, 'exit')
        process.kill(-child.pid!, 'SIGTERM')
        await ended
      }
    }
    await database?.stop()
  }

  async function inWorkerd(): Promise<void> {
    const workerd = await startWorkerd({
      folder: join(folder, 'state'),
      code: await bundleWorker(join(folder, 'src/index.ts')),
      texts: { GITHUB_WEBHOOK_SECRET: SECRET },
    })
    try {
      await send(`${workerd.url}/webhooks/${provider}`)
      await workerd.printed(handled)
    } finally {
      await workerd.kill()
    }
  }

  /** A signed delivery is taken, a spoilt one is not. */
  async function send(url: string): Promise<void> {
    const topic = provider === 'stripe' ? 'invoice.paid' : 'push'
    const args = [postern, 'send', provider, topic, '--to', url]
    await must(process.execPath, args, { cwd: folder, env: bare })
    const spoilt = await run(process.execPath, [...args, '--tamper'], { cwd: folder, env: bare })
    if (!spoilt.output.includes('401'))
      throw new Error(`a spoilt delivery was answered:\n${spoilt.output}`)
  }
}

async function until(check: () => Promise<boolean>, printed: () => string): Promise<void> {
  const end = performance.now() + WAIT
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`it does not come:\n${printed()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
