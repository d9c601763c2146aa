import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// Compiles a consumer outside the workspace against the published declarations, with and without the optional packages
// of the types. skipLibCheck is on, because it hides that a package is missing.

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const consumers = {
  discord: {
    from: 'discord-api-types',
    code: `discord<DiscordEvents>({ publicKey: 's' }) }).on('ENTITLEMENT_CREATE', (e) => e.payload.event.data.sku_id.toUpperCase())`,
  },
  github: {
    from: '@octokit/openapi-webhooks-types',
    code: `github<GithubEvents>({ secret: 's' }) }).on('issues.opened', (e) => e.payload.issue.title.toUpperCase())`,
  },
  line: {
    from: '@line/bot-sdk',
    code: `line<LineEvents>({ channelSecret: 's' }) }).on('message.text', (e) => e.payload.message.text.toUpperCase())`,
  },
  linear: {
    from: '@linear/sdk',
    code: `linear<LinearEvents>({ secret: 's' }) }).on('Issue.create', (e) => e.payload.data.title.toUpperCase())`,
  },
  openai: {
    from: 'openai',
    code: `openai<OpenaiEvents>({ secret: 's' }) }).on('response.completed', (e) => e.payload.data.id.toUpperCase())`,
  },
  square: {
    from: 'square',
    code: `square<SquareEvents>({ signatureKey: 's' }) }).on('payment.updated', (e) => e.payload.data?.object?.payment?.id?.toUpperCase())`,
  },
  stripe: {
    from: 'stripe',
    code: `stripe<StripeEvents>({ secret: 's' }) }).on('invoice.paid', (e) => e.payload.data.object.amount_paid.toFixed())`,
  },
  slack: {
    from: '@slack/types',
    code: `slack<SlackEvents>({ signingSecret: 's' }) }).on('app_mention', (e) => e.payload.event.text.toUpperCase())`,
  },
  telegram: {
    from: '@grammyjs/types',
    code: `telegram<TelegramEvents>({ secretToken: 's' }) }).on('callback_query', (e) => e.payload.callback_query.id.toUpperCase())`,
  },
} as const
let folder: string
/** Output of the compiler with the optional packages, and without them. */
let said: { readonly installed: string; readonly absent: string }

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-types-'))
  for (const name of ['core', 'providers']) {
    const target = join(folder, 'declarations/node_modules/@postern', name)
    execFileSync(process.execPath, [
      tsc,
      '-p',
      join(root, 'packages', name),
      '--composite',
      'false',
      '--incremental',
      'false',
      '--noCheck',
      '--emitDeclarationOnly',
      '--outDir',
      join(target, 'dist'),
    ])
    const { publishConfig } = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    ) as { readonly publishConfig: { readonly exports: unknown } }
    const { exports } = publishConfig
    const manifest = { name: `@postern/${name}`, type: 'module', exports }
    writeFileSync(join(target, 'package.json'), JSON.stringify(manifest))
  }
  said = { installed: compile('installed', true), absent: compile('absent', false) }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries(consumers))('%s events', (name, { from }) => {
  test('are typed where the package is installed', () => {
    expect(said.installed).not.toContain(`${name}.ts`)
  })

  test('are an error, and not any, where it is not', () => {
    const own = said.absent.split(/^(?=\w+\.ts)/m).filter((one) => one.startsWith(`${name}.ts`))
    expect(own.join('')).toContain(`install ${from} to have typed events`)
  })
})

test('nothing else is wrong where all are installed', () => {
  expect(said.installed).toBe('')
})

function compile(title: string, installed: boolean): string {
  const project = join(folder, title)
  mkdirSync(project)
  cpSync(join(folder, 'declarations'), project, { recursive: true })
  for (const [name, { from, code }] of Object.entries(consumers)) {
    if (installed) {
      const link = join(project, 'node_modules', from)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, 'packages/providers/node_modules', from), link)
    }
    const types = `${name[0]!.toUpperCase()}${name.slice(1)}Events`
    writeFileSync(
      join(project, `${name}.ts`),
      `import { createReceiver } from '@postern/core'
import { ${name} } from '@postern/providers/${name}'
import type { ${types} } from '@postern/providers/types/${name}'
createReceiver({ provider: ${code}
`,
    )
  }
  const options = { strict: true, skipLibCheck: true, noEmit: true, module: 'nodenext', types: [] }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { ...options, target: 'es2023', lib: ['es2023', 'dom'] },
      files: Object.keys(consumers).map((name) => `${name}.ts`),
    }),
  )
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
  const args = [tsc, '-p', project, '--pretty', 'false']
  return spawnSync(process.execPath, args, { encoding: 'utf8', cwd: project }).stdout
}
