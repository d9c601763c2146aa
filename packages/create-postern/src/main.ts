#!/usr/bin/env node
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** A whole app: an example of the repository. */
interface Template {
  readonly title: string
  readonly example: string
  /** The provider that it receives, and the topic that it handles. */
  readonly sends: readonly [provider: string, topic: string]
  /** Where its secrets belong. @default '.env' */
  readonly env?: string
  /** Commands that start it, each in a terminal of its own. */
  readonly start: readonly string[]
  /** Commands before the first start. */
  readonly before?: readonly string[]
  /** @default 3000 */
  readonly port?: number
}

/** The templates, by the name that `--template` takes. */
const TEMPLATES: Readonly<Record<string, Template>> = {
  express: {
    title: 'Express + SQLite',
    example: 'express-sqlite',
    sends: ['stripe', 'invoice.paid'],
    start: ['npm run dev'],
  },
  next: {
    title: 'Next.js + Drizzle (PostgreSQL)',
    example: 'next-drizzle',
    sends: ['stripe', 'invoice.paid'],
    env: '.env.local',
    before: ['npm run setup'],
    start: ['npm run dev'],
  },
  nest: {
    title: 'NestJS + TypeORM (PostgreSQL)',
    example: 'nest-typeorm',
    sends: ['stripe', 'invoice.paid'],
    start: ['npm run dev'],
  },
  workers: {
    title: 'Hono on Cloudflare Workers',
    example: 'hono-workers',
    sends: ['github', 'push'],
    start: ['npm run dev'],
    port: 8787,
  },
  apart: {
    title: 'Express and a worker in two processes (PostgreSQL)',
    example: 'worker-and-web',
    sends: ['github', 'push'],
    start: ['npm run dev', 'npm run dev:worker'],
  },
}

const USAGE = `npm create postern <folder> -- --template <name>

${Object.entries(TEMPLATES)
  .map(([name, { title }]) => `  ${name.padEnd(8)} ${title}`)
  .join('\n')}`

// The build puts a copy of the examples beside the code.
const examples = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../examples/' : './apps/', import.meta.url),
)

/** Makes a new app in a new folder, and says what to do next. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { template: { type: 'string' }, help: { type: 'boolean' } },
    })
    if (values.help) return tell(0, USAGE)
    const name = values.template ?? (await ask(`${USAGE}\n\nWhich template`, 'express'))
    const folder = positionals[0] ?? (await ask('Which folder', 'my-webhooks'))
    const template = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined
    if (template === undefined || folder === '')
      throw new TypeError(`--template and <folder> must be given, got ${name || 'none'}`)
    const target = resolve(folder)
    if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0))
      return tell(1, `${target} must be a new or an empty folder; nothing was written`)
    write(template, target)
    return tell(0, nextSteps(template, folder))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return tell(2, `${error.message}\n\n${USAGE}`)
  }
}

function tell(code: number, text: string): number {
  process[code === 0 ? 'stdout' : 'stderr'].write(`${text}\n`)
  return code
}

async function ask(question: string, usual: string): Promise<string> {
  if (!process.stdin.isTTY) return ''
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question}? (${usual}) `)
  terminal.close()
  return answer.trim() || usual
}

// What a template leaves where it was tested.
const LEFT =
  /^(?:node_modules|dist|\.next|next-env\.d\.ts|.*\.tsbuildinfo|.*\.db.*|\.env|\.env\.local)$/

function write({ example, env = '.env' }: Template, target: string): void {
  const from = join(examples, example)
  cpSync(from, target, { recursive: true, filter: (path) => !LEFT.test(basename(path)) })
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { readonly version: string }
  const manifest = readFileSync(join(from, 'package.json'), 'utf8')
    .replace(/"name": ".*"/, () => `"name": ${JSON.stringify(packageName(target))}`)
    .replace(/ {2}"license": ".*",\n/, '')
    .replaceAll('workspace:^', `^${version}`)
  writeFileSync(join(target, 'package.json'), manifest)
  // A secret will stand there: it is its owner's alone.
  const secrets = readFileSync(join(from, '.env.example'))
  writeFileSync(join(target, env), secrets, { mode: 0o600 })
  const ignored = ['node_modules', 'dist', '.next', '.wrangler', '.env', '.env.local', '*.db*']
  writeFileSync(join(target, '.gitignore'), `${ignored.join('\n')}\n`)
}

function packageName(folder: string): string {
  const name = basename(folder).toLowerCase()
  return name.replaceAll(/[^a-z\d]+/g, '-').replaceAll(/^-|-$/g, '') || 'webhooks'
}

function nextSteps(
  { sends, env = '.env', start, before = [], port = 3000 }: Template,
  folder: string,
): string {
  const [provider, topic] = sends
  return `
Next:
  cd ${folder}
  npm install
Fill in ${env}.
${[...before, ...start].map((command) => `  ${command}`).join('\n')}
  npx postern send ${provider} ${topic} --to http://localhost:${port}/webhooks/${provider}`
}

// npm links to this file, so argv names the link. An import of the module starts nothing; require() takes no top-level await.
const [, started = ''] = process.argv
if (existsSync(started) && realpathSync(started) === fileURLToPath(import.meta.url))
  void main(process.argv.slice(2)).then((code) => (process.exitCode = code))
