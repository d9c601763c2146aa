import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { gitlab } from '@postern/providers/gitlab'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, signed } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { widthOf } from '../src/print/width.ts'
import { terminal } from './pty.ts'
import { line, postern, start } from './run.ts'

const SECRET = 'a secret of GitHub'
// Includes the character after the base64, since the output may arrive in pieces.
const CLIPBOARD = /52;c;[\w+/=]+[^\w+/=]/
const COLOUR = '\u001B[3'

describe('listen in a terminal', () => {
  test('lists, shows details, explains, copies, and gives the terminal back', async () => {
    const { pty, until, ended } = terminal(['listen', 'github', '--port', '0', '-s', SECRET])
    await until('No deliveries yet')
    const to = await until(/http:\/\/127\.0\.0\.1:\d+\//)
    await until('GitHub: <repository> → Settings → Webhooks → Add webhook')
    const provider = github({ secret: SECRET })
    await deliver(to, signed(provider, 'issues.opened'))
    await until(/● 200 .*issues\.opened/)
    pty.write('\r')
    await until('x-github-event: issues')
    await until('"action": "opened"')
    pty.write('\u001B')
    await until('enter open')
    await deliver(to, signed(provider, 'push', {}, { secret: `${SECRET}.` }))
    await until(/⊘ 401 .*claims push .*signature_mismatch/)
    pty.write('e')
    await until('secret-wrong')
    pty.write('c')
    const [, clipboard] = /52;c;([\w+/=]+)/.exec(await until(CLIPBOARD))!
    expect(Buffer.from(clipboard!, 'base64').toString()).toMatch(
      /^curl -X POST 'http:[\s\S]*--data-binary/,
    )
    pty.write('t')
    const [, copied] = /52;c;([\w+/=]+)/.exec(await until(CLIPBOARD))!
    expect(Buffer.from(copied!, 'base64').toString()).toContain('fromDelivery(exported, provider)')
    pty.write('q')
    await until('\u001B[?1049l')
    expect(await ended).toBe(0)
  })

  test('a narrow terminal: no line is longer, details scroll, and tokens are hidden', async () => {
    const token = 'a token of GitLab'
    const size = { cols: 60, rows: 8 }
    const { pty, until, ended } = terminal(['listen', 'gitlab', '--port', '0', '-s', token], size)
    const to = await until(/http:\/\/127\.0\.0\.1:\d+\//)
    const name = { project: { name: '郵便局' } }
    await deliver(to, signed(gitlab({ token }), undefined, name))
    let drawn = await until(/● 200 [^]*r n e c t q/)
    pty.write('\r')
    drawn += await until(/POST http[^]*r n e c t q/)
    pty.write('\u001B[6~')
    drawn += await until('x-gitlab-token: (hidden)')
    pty.write('\u001B[F')
    // Waits for the end of the body, which is longer than the screen.
    drawn += await until(/\n {2}\}[^]*r n e c t q/)
    const lines = stripVTControlCharacters(drawn).split('\r\n')
    expect(lines.filter((line) => widthOf(line) > size.cols)).toEqual([])
    pty.write('c')
    const [, clipboard] = /52;c;([\w+/=]+)/.exec(await until(CLIPBOARD))!
    const curl = Buffer.from(clipboard!, 'base64').toString()
    expect(curl).toContain(`x-gitlab-token: '"$GITLAB_TOKEN"'`)
    expect(drawn + curl).not.toContain(token)
    pty.write('q')
    expect(await ended).toBe(0)
  })

  test('Ctrl-C ends it', async () => {
    const { pty, until, ended } = terminal(['listen', 'github', '--port', '0', '-s', SECRET])
    await until('No deliveries yet')
    pty.write('\u0003')
    await until('\u001B[?25h')
    expect(await ended).toBe(0)
  })
})

test.each([60, 80, 120])(
  'audit in %i columns shows its bar once and ends with its card',
  async (cols) => {
    const listener = start(['listen', 'github', '--port', '0', '-s', SECRET])
    const url = /http:\S+/.exec(await line(listener, 'stderr', /^listening/))![0]
    const args = ['audit', url, '-p', 'github', '-s', SECRET, '--case', 'forged/']
    const { until, ended } = terminal(args, { cols })
    const shown = await until(/^[^]*└─+┘/)
    await ended
    listener.kill()
    const lines = stripVTControlCharacters(shown)
      .split('\r\n')
      .map((text) => text.slice(text.lastIndexOf('\r') + 1))
    expect(lines.filter((text) => /[█░]/.test(text))).toHaveLength(1)
    expect(lines.filter((text) => widthOf(text) > cols)).toEqual([])
    expect(lines.at(-1)).toHaveLength(Math.min(cols, 78))
    expect(shown).toContain('│ –  webhook audit of github')
  },
)

describe('an inbox in a terminal', () => {
  test('watch shows a task and its end; replay asks first, and Ctrl-C changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-'))
    const path = join(folder, 'webhooks.db')
    const provider = github({ secret: SECRET })
    const inbox = sqliteInbox({ path })
    const receiver = createReceiver({ provider, inbox, log: false })
    receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, () => {
      throw new Error('no mail today')
    })
    await deliver(receiver, signed(provider, 'push', {}, { id: 'e1' }))

    const watch = terminal(['inbox', 'watch', '--sqlite', path])
    await watch.until(/✕ dead +github +mail +push .*no mail today/)
    await deliver(receiver, signed(provider, 'push', {}, { id: 'e2' }))
    await watch.until(/✕ dead +github +mail +push/)
    watch.pty.write('\u0003')
    expect(await watch.ended).toBe(0)
    await receiver.close()

    for (const cols of [20, 40, 80, 200]) {
      const list = terminal(['inbox', 'list', '--sqlite', path], { cols })
      const shown = await list.until(/^[^]*dead[^]*dead[^\n]*\n/)
      const lines = stripVTControlCharacters(shown).trimEnd().split('\r\n')
      expect(lines).toHaveLength(3)
      expect(lines.filter((line) => widthOf(line) > cols)).toEqual([])
      expect(shown.includes('no mail today')).toBe(cols > 20)
      expect(shown).not.toContain(COLOUR)
      await list.ended
    }
    // Colors are used only in a terminal, and only without NO_COLOR.
    const coloured = terminal(['inbox', 'list', '--sqlite', path], { isPlain: false })
    expect(await coloured.until(/^[^]*dead[^]*dead[^\n]*\n/)).toContain(COLOUR)
    await coloured.ended
    const piped = await postern(['inbox', 'list', '--sqlite', path], { isPlain: false })
    expect(piped.out).toMatch(/✕ dead[^]*✕ dead/)
    expect(piped.out).not.toContain(COLOUR)

    const rejected = terminal(['inbox', 'replay', '--sqlite', path])
    await rejected.until('Run 2 tasks again')
    rejected.pty.write('\u0003')
    await rejected.until('nothing was changed')
    expect(await rejected.ended).toBe(1)
    expect((await inbox.view!.list({ state: 'dead' })).rows).toHaveLength(2)

    const agreed = terminal(['inbox', 'replay', '--sqlite', path])
    await agreed.until('Run 2 tasks again')
    agreed.pty.write('y')
    await agreed.until('Queued again: 2 tasks')
    expect(await agreed.ended).toBe(0)
    expect((await inbox.view!.list({ state: 'pending' })).rows).toHaveLength(2)
    await inbox.close()
    await rm(folder, { recursive: true })
  })
})

describe('init in a terminal', () => {
  test('asks for sender, inbox and agreement, and writes; Ctrl-C at each question writes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-'))
    await writeFile(join(folder, 'package.json'), '{"dependencies":{"koa":"^3"}}')
    const questions = [
      ['Who sends the webhooks?', 'github\r'],
      ['Where should events be stored?', '\u001B[B\r'],
      [/Write [^?]*webhooks\/receiver\.mjs[^?]*\?/, 'y'],
    ] as const
    for (const [last] of questions.entries()) {
      const stopped = terminal(['init'], { cwd: folder })
      for (const [at, [shown, keys]] of questions.slice(0, last + 1).entries()) {
        await stopped.until(shown)
        stopped.pty.write(at === last ? '\u0003' : keys)
      }
      await stopped.until('nothing was written')
      expect(await stopped.ended).toBe(1)
      expect(await readdir(folder)).toEqual(['package.json'])
    }
    const agreed = terminal(['init'], { cwd: folder })
    for (const [shown, keys] of questions) {
      await agreed.until(shown)
      agreed.pty.write(keys)
    }
    await agreed.until('Run npm install @postern/core')
    agreed.pty.write('n')
    await agreed.until('wrote webhooks/receiver.mjs')
    expect(await agreed.ended).toBe(0)
    expect(await readFile(join(folder, 'webhooks/receiver.mjs'), 'utf8')).toContain('memoryInbox()')
    await rm(folder, { recursive: true })
  })
})
