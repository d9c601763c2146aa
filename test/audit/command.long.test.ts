import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postern, type Ended } from '../../packages/cli/test/run.ts'
import { listenOn } from '../services/temporary.ts'
import { plant, SECRET, type Planted } from './planted.ts'
import { SARIF, schemaProblems } from './schema.ts'

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
      readonly results: readonly {
        readonly ruleId: string
        readonly ruleIndex: number
        readonly locations: readonly { readonly physicalLocation: object }[]
      }[]
    },
  ]
}

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'audit-'))
let sound: Planted
let flawed: Planted
let effects: { readonly url: string; close(): void }

beforeAll(async () => {
  sound = await plant()
  flawed = await plant('reserialised')
  writeFileSync(join(folder, 'README.md'), '# Shop')
  const server = createServer((_, response) => response.end(String(sound.effect())))
  effects = {
    url: `http://127.0.0.1:${await listenOn(server)}`,
    close: () => void server.close(),
  }
})

afterAll(async () => {
  effects.close()
  await sound.close()
  await flawed.close()
  rmSync(folder, { recursive: true })
})

function audit(url: string, ...args: readonly string[]): Promise<Ended> {
  return postern(['audit', url, '--provider', 'stripe', ...args], {
    env: { STRIPE_WEBHOOK_SECRET: SECRET },
    cwd: folder,
  })
}

describe('postern audit', () => {
  test('gives a sound receiver an A if its effects can be seen', async () => {
    const options = ['--effect-url', effects.url, '--seed', '7', '--badge', 'audit.svg']
    const seen = await audit(sound.url, ...options)
    expect([seen.code, seen.out.split('\n')[0]]).toEqual([
      0,
      'A  every case that applies to this sender passed',
    ])
    // The output ends with the summary card. It has no progress bar, because stdout is a pipe.
    expect(seen.out).toMatch(
      /┌─+┐\n│ A  webhook audit of stripe +│\n│ {4}\d+ passed · 0 failed · \d+ skipped · 0 unknown +│\n[^┌]*└─+┘\n$/,
    )
    expect(seen.err).not.toMatch(/[█░\r]/)
    expect(readFileSync(join(folder, 'audit.svg'), 'utf8')).toMatch(/^<svg [^]*A · \d+ passed/)
    expect(readdirSync(folder)).toEqual(['README.md', 'audit.svg'])
    expect(seen.err).toMatch(/as Stripe: at least \d{3} requests/)
  })

  test('tells what was sent, what came, why, and what to do; no secret is printed', async () => {
    const { code, out, err } = await audit(
      flawed.url,
      '--case',
      'authentic/',
      '--framework',
      'flask',
    )
    expect(code).toBe(1)
    expect(out).toContain('no grade  some cases were left out')
    expect(out).toContain('high  raw-body')
    expect(out).toContain('raw = request.get_data(cache=False)')
    expect(out).not.toContain('express.raw')
    expect(out + err).not.toContain(SECRET)
  })

  test('its curl signs by openssl, and shows the finding again', async () => {
    const { out } = await audit(flawed.url, '--case', 'authentic/escapes', '--json')
    const report = JSON.parse(out) as {
      findings: readonly { failures: readonly { curl: string; status: number }[] }[]
    }
    const [{ curl, status }] = report.findings[0]!.failures as [{ curl: string; status: number }]
    expect(curl).not.toContain(SECRET)
    const again = `${curl} -s -o /dev/null -w '%{http_code}'`
    const env = { ...process.env, STRIPE_WEBHOOK_SECRET: SECRET }
    expect((await run('bash', ['-c', again], { env })).stdout).toBe(String(status))
    const elsewhere = again.replaceAll(flawed.url, sound.url)
    expect((await run('bash', ['-c', elsewhere], { env })).stdout).toBe('200')
  })

  test('prints SARIF that its schema of 2.1.0 takes, at the line of the source', async () => {
    const args = ['--case', 'authentic/', '--sarif', '--source', 'app/route.ts:12']
    const sarif = JSON.parse((await audit(flawed.url, ...args)).out) as Sarif
    expect(schemaProblems(SARIF, sarif)).toEqual([])
    expect(schemaProblems(SARIF, { ...sarif, version: '2.0.0' })).not.toEqual([])
    const [{ tool, results }] = sarif.runs
    expect(results.length).toBeGreaterThan(0)
    for (const { ruleId, ruleIndex, locations } of results) {
      expect(tool.driver.rules[ruleIndex]!.id).toBe(ruleId)
      expect(locations[0]!.physicalLocation).toEqual({
        artifactLocation: { uri: 'app/route.ts' },
        region: { startLine: 12 },
      })
    }
  })

  test('lists the cases and sends nothing', async () => {
    const before = sound.effect()
    const { code, out } = await audit(sound.url, '--list', '--json')
    const cases = JSON.parse(out) as readonly { id: string; skip?: string }[]
    expect(code).toBe(0)
    expect(cases.length).toBeGreaterThan(90)
    expect(cases.map(({ id }) => id)).toContain('resilience/slow-bodies')
    expect(sound.effect()).toBe(before)
  })

  test('reads effects from a program without a shell', async () => {
    // In a shell, the unbalanced quote would be an error.
    const argv = JSON.stringify(['curl', '-s', `${effects.url}/?'`])
    const options = ['--effect', argv, '--case', 'authentic/in-time', '--json']
    const { code, out } = await audit(sound.url, ...options)
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ passed: ['authentic/in-time'], findings: [], unknown: [] }),
    ])
  })

  test('without a grade the badge stays as it was', async () => {
    writeFileSync(join(folder, 'old.svg'), '<svg>old</svg>')
    const { code, err } = await postern(
      ['audit', sound.url, '--provider', 'stripe', '--badge', 'old.svg'],
      { env: { STRIPE_WEBHOOK_SECRET: `whsec_not ${SECRET}` }, cwd: folder },
    )
    expect([code, err]).toEqual([
      3,
      expect.stringContaining('old.svg was not written: no baseline') as string,
    ])
    expect(readFileSync(join(folder, 'old.svg'), 'utf8')).toBe('<svg>old</svg>')
  })

  test.each([
    [['--badge', 'README.md'], '--badge must be a new file or an SVG, got README.md'],
    [['--badge', '.'], '--badge must be a regular file'],
    [['--badge', 'no/folder/a.svg'], '--badge must be in a folder that can be written'],
    [['--badge', 'a.svg', '--case', 'forged/'], '--badge needs the grade of a complete audit'],
    [['--effect', 'echo 1'], '--effect must be a JSON list of a program and its arguments'],
    [['--case', 'nothing'], "--case must be the start of a case's name"],
    [['--sarif'], '--sarif needs --source file:line'],
    [['--fail-on', 'all'], '--fail-on must be one of critical, high, medium, low'],
    [['--framework', 'rails'], '--framework must be one of express, next, flask, php, go'],
  ])('rejects %j and says how it is written', async (args, told) => {
    const { code, err } = await audit(sound.url, ...args)
    expect([code, err.includes(told)]).toEqual([2, true])
  })

  test('sends nothing to another host without its name and its nonce', async () => {
    const url = 'https://shop.example/hooks'
    expect((await audit(url)).err).toContain('if you own it, give --allow-host shop.example')
    const { code, err } = await audit(url, '--allow-host', 'shop.example')
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/well-known\/postern-audit\.txt[^]*--nonce postern-audit-[\da-f]{32}/),
    ])
  })

  test('another host is judged once it is named and serves the nonce, without bursts, bombs and large bodies', async () => {
    // Only this process resolves the name to this machine.
    const lookup = `import dns from 'node:dns'; const real = dns.lookup; dns.lookup = (name, ...rest) => real(name === 'shop.example' ? '127.0.0.1' : name, ...rest)`
    const env = {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lookup)}`,
      STRIPE_WEBHOOK_SECRET: SECRET,
    }
    const inner = new URL(sound.url)
    let text = 'not the nonce'
    const front = createServer((request, response) => {
      if (request.url === '/.well-known/postern-audit.txt') return void response.end(text)
      const { method, url, headers } = request
      const onward = httpRequest(
        { host: inner.hostname, port: inner.port, method, path: url, headers },
        (reply) => {
          response.writeHead(reply.statusCode!, reply.headers)
          reply.pipe(response)
        },
      )
      // The sender closes the connection.
      onward.on('error', () => response.destroy())
      request.on('error', () => onward.destroy()).pipe(onward)
    })
    const url = `http://shop.example:${await listenOn(front)}${inner.pathname}`
    const run = (...args: readonly string[]): Promise<Ended> =>
      postern(['audit', url, '--provider', 'stripe', '--allow-host', 'shop.example', ...args], {
        cwd: folder,
        env,
      })
    const [nonce] = /postern-audit-[\da-f]{32}/.exec((await run()).err)!
    const before = sound.effect()
    expect((await run('--nonce', nonce)).err).toContain(
      'must serve the text of --nonce and nothing else',
    )
    expect(sound.effect()).toBe(before)
    text = `${nonce}\n`
    const { code, out, err } = await run('--nonce', nonce, '--json', '--rate', '200')
    front.close()
    const report = JSON.parse(out) as {
      readonly findings: readonly unknown[]
      readonly skipped: readonly { readonly id: string; readonly reason: string }[]
    }
    expect([code, report.findings, err]).toEqual([
      0,
      [],
      expect.stringMatching(/as Stripe: at least \d+ requests/),
    ])
    expect(sound.effect()).toBeGreaterThan(before)
    const heavy = report.skipped.flatMap(({ id, reason }) =>
      /too many or too large requests/.test(reason) ? id : [],
    )
    expect(heavy).toEqual(
      expect.arrayContaining([
        'spoilt/gzip-bomb',
        'spoilt/huge-body',
        'resilience/burst',
        'resilience/slow-bodies',
      ]),
    )
  })

  test('a receiver that rejects all has no grade, and the exit code 3', async () => {
    const { code, out } = await postern(
      ['audit', sound.url, '--provider', 'stripe', '--secret', 'whsec_of_another_endpoint'],
      { cwd: folder },
    )
    expect([code, out.split('\n')[0]]).toEqual([
      3,
      'no grade  no baseline: a genuine delivery got 401; check the URL, the secret and the options of the provider',
    ])
  })
})
