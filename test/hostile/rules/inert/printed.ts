import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProgram } from '../../../../packages/cli/src/program.ts'
import {
  planLines,
  resultLines,
  statusLines,
} from '../../../../packages/cli/src/sender-api/show.ts'
import { rendered } from '../../../../packages/cli/src/print/terminal.ts'
import { line, postern, start } from '../../../../packages/cli/test/run.ts'
import type { RuleCase } from '../rule.ts'
import { inProcess } from './in-process.ts'
import { ALL_LIVE, LIVE, liveInTerminal, notAscii } from './live.ts'
import type { World } from './world.ts'

type Command = Awaited<ReturnType<typeof createProgram>>
type Mode = 'plain' | '--json' | '--ascii'

// This repository has every inbox package, so the CLI can load all of them from it.
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
// An argument cannot contain NUL.
const ARGUMENT = ALL_LIVE.replaceAll('\0', '')

/**
 * Runs a command and checks its output. The JSON output must contain `has` unchanged. With `isHere`, the command runs
 * in this process.
 */
async function printed(
  args: readonly string[],
  mode: Mode,
  {
    has,
    cwd,
    input = '',
    isHere = false,
  }: {
    readonly has?: string
    readonly cwd?: string
    readonly input?: string
    readonly isHere?: boolean
  } = {},
): Promise<string | undefined> {
  const all = mode === 'plain' ? args : [...args, mode]
  const { out, err } = isHere
    ? await inProcess(all, cwd, input)
    : await postern(all, { input, ...(cwd !== undefined && { cwd }) })
  if (out + err === '') return 'it printed nothing'
  if (err.includes('is not installed')) return `the inbox was not looked at: ${err}`
  const live = mode === 'plain' ? liveInTerminal(out + err) : notAscii(out + err)
  if (live !== undefined || mode !== '--json' || has === undefined) return live
  return JSON.stringify(JSON.parse(out)).includes(JSON.stringify(has).slice(1, -1))
    ? undefined
    : 'its JSON has another text'
}

/**
 * Commands on an inbox with hostile deliveries. Output modes do not depend on the inbox. So unless `every` is set, one
 * inbox is read in all three modes, and the others only as JSON.
 */
export function inboxCases(
  { name, opened, dead, hostile }: World,
  every: boolean,
): readonly RuleCase[] {
  const { flags } = opened
  if (flags === undefined) return []
  const rejected = hostile.find(({ kind }) => kind === 'the clipboard, OSC 52')!
  const commands: readonly (readonly [args: readonly string[], has?: string])[] = [
    [['inbox', 'list'], ALL_LIVE],
    [['inbox', 'show', dead], ALL_LIVE],
    [['inbox', 'deliveries', '--limit', '200']],
    [['inbox', 'causes']],
    [['inbox', 'stats']],
    [['explain', rejected.arrival.id, '-p', 'github', '-s', 'another secret']],
    [['inbox', 'replay', '--state', 'dead', '--dry-run']],
  ]
  const modes: readonly Mode[] =
    every || name === 'sqlite' ? ['plain', '--json', '--ascii'] : ['--json']
  return commands.flatMap(([args, has]) =>
    modes.map((mode) => ({
      name: `what strangers sent, ${mode}`,
      at: `postern ${args[0]} ${args[0] === 'inbox' ? args[1] : 'of an inbox'}`,
      inbox: name,
      run: async () =>
        printed([...args, ...flags], mode, {
          cwd: PROJECT,
          ...(has !== undefined && { has }),
          isHere: mode !== '--ascii',
        }),
    })),
  )
}

/** Runs every command of the CLI with hostile arguments. With `every`, each command runs in its own process. */
export async function argumentCases(every: boolean): Promise<readonly RuleCase[]> {
  return leaves(await createProgram()).map(({ path, command }) => {
    const needed = command.registeredArguments.map(() => ARGUMENT)
    const options = command.options.flatMap(({ long, mandatory }) =>
      mandatory || long === '--sqlite' ? [long!, ARGUMENT] : [],
    )
    const more = path[0] === 'init' ? ['--yes', '--provider', ARGUMENT] : []
    return {
      name: 'live arguments',
      at: `postern ${path.join(' ')}`,
      run: async () =>
        printed([...path, ...needed, ...options, ...more], 'plain', { isHere: !every }),
    }
  })
}

/** Runs commands on hostile files, replies and deliveries. With `every`, each command runs in its own process. */
export function fileCases(reply: { readonly url: string }, every: boolean): readonly RuleCase[] {
  const text = ARGUMENT
  const har = {
    log: {
      entries: ['/1', '/2'].map((path) => ({
        request: { method: 'POST', url: `https://x.example${path}${text}`, headers: [] },
      })),
    },
  }
  const files: Readonly<Record<string, string>> = {
    'JSON that is none': `{"a": ${text}`,
    'JSON without a URL': JSON.stringify({ headers: text }),
    'a request with live parts': JSON.stringify({
      method: text,
      url: `https://x.example/${text}`,
      headers: [[text, text]],
      body: text,
    }),
    'a HAR file with two requests': JSON.stringify(har),
    'a curl command': `curl 'https://x.example/' -H 'x: ${text.replaceAll("'", '')}' --data-binary '@${text.replaceAll("'", '')}'`,
    'the text of a request': `POST /${text.replaceAll(/\s/g, '')} HTTP/1.1\r\nhost: x\r\nx-a: ${text}\r\n\r\n${text}`,
    'none of these': text,
  }
  const explained = Object.entries(files).map(([kind, content]): RuleCase => ({
    name: kind,
    at: 'postern explain of a file',
    sender: 'github',
    run: async () =>
      printed(['explain', '-', '-p', 'github', '-s', 'a secret'], 'plain', {
        input: content,
        isHere: !every,
      }),
  }))
  return [
    ...explained,
    ...(['plain', '--json', '--ascii'] as const).map((mode): RuleCase => ({
      name: `a live reply, ${mode}`,
      at: 'postern send',
      sender: 'github',
      run: async () =>
        printed(['send', 'github', 'push', '--to', reply.url, '-s', 'a secret'], mode, {
          has: LIVE['the clipboard, OSC 52']!,
          isHere: !every && mode !== '--ascii',
        }),
    })),
    {
      name: 'a payload that is no JSON',
      at: 'postern send',
      sender: 'github',
      run: async () => {
        const folder = mkdtempSync(join(tmpdir(), 'postern-live-'))
        writeFileSync(join(folder, 'f'), `{"a": ${text}`)
        const args = ['send', 'github', '--to', reply.url, '--data', '@f']
        const found = await printed(args, 'plain', { cwd: folder, isHere: !every })
        rmSync(folder, { recursive: true })
        return found
      },
    },
    ...(['compact', 'json'] as const).map((output): RuleCase => ({
      name: `a delivery of a stranger, ${output}`,
      at: 'postern listen',
      sender: 'github',
      run: async () => listened(output),
    })),
    ...registerCases(),
  ]
}

async function listened(output: 'compact' | 'json'): Promise<string | undefined> {
  const child = start(['listen', 'github', '--port', '0', '--output', output, '-s', 'a secret'])
  let shown = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text: Buffer) => void (shown += String(text)))
  const said = await line(child, 'stderr', /listening/)
  const printedLine = line(child, 'stdout', output === 'json' ? /"status"/ : /401|400/)
  const url = /http:\/\/\S+/.exec(said)![0]
  await fetch(`${url}${encodeURIComponent('\u001B[2J')}/\u202E`, {
    method: 'POST',
    headers: {
      'x-hub-signature-256': '\u00A0\u009B31m',
      'x-github-event': '\u009D52;c;eA==\u009C',
    },
    body: ALL_LIVE,
  })
  await printedLine
  child.kill('SIGINT')
  await new Promise((resolve) => child.once('close', resolve))
  return output === 'json' ? notAscii(shown.slice(shown.indexOf('{'))) : liveInTerminal(shown)
}

function registerCases(): readonly RuleCase[] {
  const endpoint = { id: ALL_LIVE, url: ALL_LIVE, topics: [ALL_LIVE] }
  const step = { do: 'update', kind: ALL_LIVE, id: ALL_LIVE, before: endpoint, why: ALL_LIVE }
  const after = { ...endpoint, url: `${ALL_LIVE}2`, settings: { name: ALL_LIVE } }
  const plan = {
    provider: ALL_LIVE,
    account: ALL_LIVE,
    steps: [{ ...step, after }],
    warnings: [ALL_LIVE],
  }
  const failures = [{ status: 500, reason: ALL_LIVE }]
  const texts: Readonly<Record<string, () => string>> = {
    'a plan': () => planLines(plan as never),
    'its results': () =>
      resultLines([{ ...step, after, state: 'failed', reason: ALL_LIVE }] as never),
    'a status': () =>
      statusLines([{ ...endpoint, state: ALL_LIVE, delivering: false, failures }] as never),
  }
  return Object.entries(texts).map(([kind, make]) => ({
    name: kind,
    at: 'postern register',
    run: async () => liveInTerminal(rendered(make())),
  }))
}

function leaves(
  command: Command,
  path: readonly string[] = [],
): readonly { readonly path: readonly string[]; readonly command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }]
  return command.commands.flatMap((one) => leaves(one, [...path, one.name()]))
}
