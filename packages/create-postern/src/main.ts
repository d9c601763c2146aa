#!/usr/bin/env node
import {
  cpSync,
  existsSync,
  globSync,
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

/** Folder in `examples` for each value of `--template`. */
const TEMPLATES: Readonly<Record<string, string>> = {
  express: 'express-sqlite',
  next: 'next-drizzle',
  nest: 'nest-typeorm',
  workers: 'hono-workers',
  apart: 'worker-and-web',
}

// Folder of the examples. The build copies them next to the compiled code.
const examples = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../examples/' : './apps/', import.meta.url),
)

/** Creates an app in a new folder and prints its README. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const titles = Object.entries(TEMPLATES).map(
    ([name, example]) => `  ${name.padEnd(8)} ${readme(example).split('\n')[0]!.slice(2)}`,
  )
  const usage = `npm create postern <folder> -- --template <name>\n\n${titles.join('\n')}`
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { template: { type: 'string' }, help: { type: 'boolean' } },
    })
    if (values.help) return tell(0, usage)
    const name = values.template ?? (await ask(`${usage}\n\nWhich template`, 'express'))
    const folder = positionals[0] ?? (await ask('Which folder', 'my-webhooks'))
    const example = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined
    if (example === undefined || folder === '')
      throw new TypeError(`--template and <folder> must be given, got ${name || 'none'}`)
    const target = resolve(folder)
    if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0))
      return tell(1, `${target} must be a new or an empty folder; nothing was written`)
    write(example, target)
    return tell(0, `cd ${folder}\n\n${readme(example).trim()}`)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return tell(2, `${error.message}\n\n${usage}`)
  }
}

function readme(example: string): string {
  return readFileSync(join(examples, example, 'README.md'), 'utf8')
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

// Files that are not copied, because running or building an example creates them.
const LEFT =
  /^(?:node_modules|dist|\.next|next-env\.d\.ts|.*\.(?:tsbuildinfo|db.*)|\.env|\.env\.local)$/

function write(example: string, target: string): void {
  const from = join(examples, example)
  cpSync(from, target, { recursive: true, filter: (path) => !LEFT.test(basename(path)) })
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { readonly version: string }
  const words = basename(target)
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
  const name = words.replaceAll(/^-|-$/g, '') || 'webhooks'
  const manifest = readFileSync(join(from, 'package.json'), 'utf8')
    .replace(/"name": ".*"/, `"name": "${name}"`)
    .replace(/ {2}"license": ".*",\n/, '')
    .replaceAll('workspace:^', `^${version}`)
  writeFileSync(join(target, 'package.json'), manifest)
  const [secrets = ''] = globSync('.env*.example', { cwd: target })
  // The file will hold a secret, so only its owner may read it.
  const mode = 0o600
  writeFileSync(
    join(target, secrets.replace('.example', '')),
    readFileSync(join(target, secrets)),
    { mode },
  )
  const ignored = ['node_modules', 'dist', '.next', '.wrangler', '.env', '.env.local', '*.db*']
  writeFileSync(join(target, '.gitignore'), `${ignored.join('\n')}\n`)
}

// Starts only if this file is the program, not if another module imports this file. npm starts the program through a
// link, so the link is resolved first. Top-level await is not used, because require() would fail.
const [, started = ''] = process.argv
if (existsSync(started) && realpathSync(started) === fileURLToPath(import.meta.url))
  void main(process.argv.slice(2)).then((code) => (process.exitCode = code))
