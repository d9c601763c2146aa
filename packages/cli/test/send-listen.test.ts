import { execFile } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { explain } from '@postern/core/explain'
import { gitlab } from '@postern/providers/gitlab'
import { deliver, listen as serve, signed } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { providerOf } from '../src/sender/sender.ts'
import { line, postern, start } from './run.ts'

describe('send, followed by listen', () => {
  // Here each command has its own process. all-senders.long.test.ts tests every sender in one process.
  test('a paid invoice of Stripe', async () => {
    const [name, topic] = ['stripe', 'invoice.paid']
    const secret = 'whsec_c2VjcmV0IG9mIHRlc3Rz'
    const listening = start(['listen', name, '--port', '0', '-s', secret])
    try {
      const to = /http:\S+/.exec(await line(listening, 'stderr', /listening for/))![0]
      const send = (...more: string[]) =>
        postern(['send', name, topic, '--to', to, '-s', secret, ...more])
      const seen = line(listening, 'stdout', new RegExp(topic))
      expect(await send()).toMatchObject({
        code: 0,
        out: expect.stringMatching(new RegExp(`^● 200 .* ${name} +${topic}`)) as string,
      })
      expect(await seen).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d +● 200 .* ${name} +${topic}`))

      const rejected = line(listening, 'stdout', /signature_mismatch/)
      expect(await send('--tamper')).toMatchObject({
        code: 1,
        out: expect.stringMatching(/^⊘ 401/) as string,
      })
      expect(await rejected).toMatch(/⊘ 401/)

      const again = JSON.parse((await send('--duplicate', '--json')).out) as { status: number }[]
      expect(again.map(({ status }) => status)).toEqual([200, 200])
      expect((await send('--stale')).out).toMatch(/^⊘ 401/)
    } finally {
      const ended = new Promise((resolve) => listening.once('exit', resolve))
      listening.kill('SIGINT')
      expect(await ended).toBe(0)
    }
  })

  test('a reply that is a page is told by its title, without markup and halves of characters', async () => {
    const page = `<!doctype html><html><head><title>Not found</title></head><body>${'é'.repeat(5000)}`
    const server = await serve((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end(page)
    })
    const sent = await postern(['send', 'github', '--to', server.url, '-s', 'x'.repeat(20)])
    const { out } = await postern(['send', 'github', '--to', server.url, '--json', '-s', 'x'])
    await server.close()
    expect(sent).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^⊘ 404 .* a page of HTML, "Not found"\n$/),
    })
    expect(out).toContain('<title>Not found')
    expect(out).not.toContain('\\uFFFD')
  })

  test('a slip in the secret is explained while listening', async () => {
    const listening = start(['listen', 'github', '--port', '0', '-s', ' a secret of GitHub'])
    try {
      const told = line(listening, 'stderr', /public URL/)
      const to = /http:\S+/.exec(await line(listening, 'stderr', /listening for/))![0]
      expect(await told).toBe(
        'or add a public URL that leads there at GitHub: <repository> → Settings → Webhooks → Add webhook, or give --tunnel',
      )
      const proven = line(listening, 'stdout', /proven: secret-whitespace/)
      await postern(['send', 'github', '--to', to, '-s', 'a secret of GitHub'])
      expect(await proven).toContain('fingerprint')
    } finally {
      listening.kill('SIGINT')
    }
  })

  test('an app gets the bytes and headers as they came, and its answer goes to the sender', async () => {
    const seen: [string | undefined, string][] = []
    const server = await serve(async (request, response) => {
      seen.push([request.headers['x-gitlab-token'] as string | undefined, await text(request)])
      response.writeHead(202).end('stored')
    })
    const secret = 'a token of GitLab'
    const options = ['--port', '0', '-s', secret, '--output', 'json', '--forward-to', server.url]
    const listening = start(['listen', 'gitlab', ...options])
    try {
      const to = /http:\S+/.exec(await line(listening, 'stderr', /listening for/))![0]
      const told = line(listening, 'stdout', /"status":202.*"outcome":"accepted"/)
      const send = () => deliver(to, signed(gitlab({ token: secret }), 'push'))
      const reply = await send()
      expect([reply.status, await reply.reply.text()]).toEqual([202, 'stored'])
      await told
      expect(seen).toEqual([[secret, expect.stringContaining('"object_kind"')]])
      await server.close()
      const failed = line(listening, 'stdout', /nothing listens at 127\.0\.0\.1/)
      expect((await send()).status).toBe(503)
      await failed
    } finally {
      listening.kill('SIGINT')
    }
  })

  test.for(['discord', 'sendgrid'])(
    '%s: without a key one is made, and its public half verifies',
    async (name) => {
      let body = ''
      let head: Record<string, string> = {}
      const server = await serve(async (request, response) => {
        head = request.headers as Record<string, string>
        body = await text(request)
        response.writeHead(204).end()
      })
      try {
        const { code, err } = await postern(['send', name, '--to', server.url])
        expect(code).toBe(0)
        const publicKey = err.trim().split('\n').at(-1)!
        const { provider } = await providerOf(name, { secret: [publicKey] })
        const found = await explain({ url: server.url, headers: head, body }, provider)
        expect(found.verdict).toBe('accepted')
      } finally {
        await server.close()
      }
    },
  )

  test('a side that does not answer ends with 3', async () => {
    const { code, err } = await postern([
      'send',
      'github',
      '--to',
      'http://127.0.0.1:9/',
      '-s',
      'some secret',
    ])
    expect([code, err]).toEqual([3, expect.stringContaining('did not answer')])
  })

  test('completion for bash, loaded by bash, knows commands, options, and senders', async () => {
    const { out } = await postern(['completion', 'bash'])
    const words = ['', 'ex', 'inbox li', 'inbox replay --r', 'send git', 'explain a -p str']
    const tried = words.map(
      (line) => `COMP_WORDS=(postern ${line}${line === '' ? "''" : ''})
COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); COMPREPLY=(); _postern; echo "\${COMPREPLY[*]}"`,
    )
    const { stdout } = await promisify(execFile)('bash', ['-c', `${out}\n${tried.join('\n')}`])
    expect(stdout.split('\n')).toEqual([
      expect.stringContaining('send audit vectors listen dev providers') as string,
      'explain',
      'list',
      '--redis --receiver --rate',
      'github gitlab',
      'stream stripe',
      '',
    ])
  })

  test.for(['zsh', 'fish'])('completion for %s names commands and options', async (shell) => {
    const { out } = await postern(['completion', shell])
    for (const word of ['explain', 'listen', 'replay', 'provider', 'dry-run', 'github'])
      expect(out).toContain(word)
  })
})

test('a redirect is told, since senders follow none', async () => {
  const { url: to, close } = await serve((_request, response) => {
    response.writeHead(308, { location: '/webhooks/github' }).end()
  }, '/webhooks/github/')
  const { code, out, err } = await postern(['send', 'github', 'push', '--to', to, '-s', 'a secret'])
  expect([code, out]).toEqual([1, expect.stringMatching(/^⊘ 308/)])
  expect(err).toContain('it redirects to /webhooks/github, and most senders do not follow')
  await close()
})
