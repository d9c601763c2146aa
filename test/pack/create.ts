import { deepEqual, equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { callEdge } from '../../packages/cli/test/listen/hook.ts'
import { ofStripe, scene } from '../../packages/cli/test/listen/scene.ts'
import { STRIPE_KEY } from '../../packages/registrar/test/fakes/stripe.ts'
import { follow } from '../examples/example.ts'
import { freePort } from '../services/temporary.ts'
import { run } from '../run/step.ts'
import { startPostgres } from '../services/postgres.ts'
import { bundleWorker, startWorkerd } from '../services/workerd.ts'
import { bare } from './bare.ts'
import { must } from './must.ts'
import { asPnpmProject, pnpm } from './pnpm.ts'
import type { Packed } from './tarballs.ts'

const SECRET = 'whsec_of the tests'
/** Time limit in milliseconds for an app to handle its delivery. */
const WAIT = 120_000

/** Template of `npm create postern`, and how to use it. */
interface Template {
  readonly name: string
  readonly provider: 'github' | 'stripe'
  /** File for the app's secrets. */
  readonly env: string
  /** Scripts that start the app. Workers have none: this test starts workerd itself instead of `wrangler dev`. */
  readonly start: readonly string[]
  readonly before?: readonly string[]
  /** Pattern of the line that the handler prints. */
  readonly handled: RegExp
}

const booked = { provider: 'stripe', handled: /booked in_/ } as const

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

export interface Programs {
  readonly create: string
  readonly postern: string
}

export interface TemplateApp {
  readonly template: Template
  readonly folder: string
  readonly postern: string
  /** Called after each step. */
  readonly tell: (step: string) => void
}

/** Way to send an app its first delivery. */
export interface Way {
  /** Returns the secrets file with the values filled in. */
  readonly secrets: (text: string) => string
  /** Starts the app and sends it a delivery. Resolves when the delivery is handled and all processes have ended. */
  readonly deliver: (app: TemplateApp) => Promise<void>
}

/** Installs `create-postern` and the CLI from their tarballs. */
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

/** Creates, installs, builds and starts each template, and sends it a delivery. Returns the problems, by template. */
export async function checkCreate(
  folder: string,
  packages: readonly Packed[],
): Promise<readonly (readonly [name: string, problem: string | undefined])[]> {
  const programs = await installPrograms(join(folder, 'programs'), packages)
  const findings: (readonly [string, string | undefined])[] = []
  const all = templates.map((template) => [template.name, template, onThisMachine] as const)
  for (const [name, template, way] of [...all, ['tunnel', templates[0]!, throughTunnel] as const]) {
    const problem = await useTemplate(template, join(folder, name), packages, programs, way)
      .then(() => undefined)
      .catch(String)
    findings.push([`npm create postern, ${name}`, problem])
  }
  return findings
}

/**
 * Creates an app from a template and waits for its first handled delivery. Calls `tell` after each step. Rejects with
 * the problem.
 */
export async function useTemplate(
  template: Template,
  folder: string,
  packages: readonly Packed[],
  { create, postern }: Programs,
  way: Way,
  tell: (step: string) => void = () => {},
): Promise<void> {
  const { name, env, before = [] } = template
  await must(process.execPath, [create, folder, '--template', name])
  tell('npm create postern')
  await asPnpmProject(folder, packages, process.versions.node)
  await pnpm(['install', '--prefer-offline'], folder)
  tell('install')
  const file = join(folder, env)
  const text = way.secrets(await readFile(file, 'utf8'))
  const database = text.includes('DATABASE_URL') ? await startPostgres() : undefined
  try {
    await writeFile(file, text.replace(/^DATABASE_URL=.*$/m, `DATABASE_URL=${database?.url}`))
    for (const script of before) await must('npm', ['run', script], { cwd: folder, env: bare })
    tell('the secret')
    await way.deliver({ template, folder, postern, tell })
  } finally {
    await database?.stop()
  }
}

/** Builds and starts the app. `postern send` sends the signed delivery. */
export const onThisMachine: Way = {
  secrets: (text) => text.replace('<your-secret>', `'${SECRET}'`),
  deliver: sendLocally,
}

/** Runs `postern dev`. A fake Stripe reaches the app through a fake tunnel. */
export const throughTunnel: Way = {
  // `postern dev` gets the signing secret from the fake Stripe, so only the API key is filled in.
  secrets: (text) => `${text.trimEnd()}\nSTRIPE_KEY=${STRIPE_KEY}\n`,
  async deliver({ template, folder: cwd, postern, tell }) {
    const stage = await scene()
    try {
      const port = String(await freePort())
      const to = `http://localhost:${port}/webhooks/stripe`
      const args = ['dev', 'stripe', '--to', to, '-o', `api=${stage.api.url}`, '--yes']
      const running = stage.run(
        [...args, '--', 'npm', 'run', 'dev'],
        // Disables the compile cache, which a new user would not have.
        { NODE_DISABLE_COMPILE_CACHE: '1', NEXT_TELEMETRY_DISABLED: '1', PORT: port },
        { main: postern, cwd },
      )
      await running.until(/listening for Stripe at https:/)
      tell('postern dev')
      const [{ url, secret } = { url: '', secret: '' }] = stage.endpoints()
      equal((await callEdge(url, await ofStripe(secret, url))).status, 200)
      await until(async () => template.handled.test(running.text()), running.text)
      tell('one handled delivery')
      const wrong = 'whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA'
      equal((await callEdge(url, await ofStripe(wrong, url))).status, 401)
      equal(await running.stop(), 0)
      const left = stage.endpoints().map(({ id }) => id)
      deepEqual([left, await stage.processes(), await stage.sessions()], [['we_stranger'], [], []])
    } finally {
      await stage.close()
    }
  },
}

async function sendLocally({ template, folder, postern, tell }: TemplateApp): Promise<void> {
  const { provider, start, handled } = template
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  if ('build' in scripts) await must('npm', ['run', 'build'], { cwd: folder, env: bare })
  tell('build')
  if (start.length === 0) return inWorkerd()
  const port = await freePort()
  const started = start.map((script) => {
    const child = spawn('npm', ['run', script], {
      cwd: folder,
      env: { ...process.env, ...bare, PORT: String(port) },
      // The child gets its own process group, so that programs that npm starts can be ended too.
      detached: true,
    })
    return { child, output: follow(child) }
  })
  const printed = (): string => started.flatMap(({ output }) => output.lines).join('\n')
  try {
    const url = `http://localhost:${port}/webhooks/${provider}`
    await until(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      printed,
    )
    tell('start')
    await send(url)
    await until(async () => handled.test(printed()), printed)
    tell('one handled delivery')
  } finally {
    for (const { child, output } of started) {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM')
      await output.ended
    }
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
      tell('one handled delivery')
    } finally {
      await workerd.kill()
    }
  }

  /** A signed delivery must be accepted, and a changed one rejected. */
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
