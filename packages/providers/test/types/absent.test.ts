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

// A consumer outside the workspace, with the declarations as they are published, compiled with and without the optional
// packages the types come from. skipLibCheck is what hides a missing package, so it is on.

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
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries(consumers))('%s events', (name, { from, code }) => {
  test('are typed where the package is installed', () => {
    expect(compile(`${name}-with`, name, code, from)).toBe('')
  })

  test('are an error, and not any, where it is not', () => {
    const output = compile(`${name}-without`, name, code, undefined)
    expect(output).toContain(`install ${from} to have typed events`)
  })
})

function compile(title: string, name: string, code: string, installed: string | undefined): string {
  const project = join(folder, title)
  mkdirSync(project)
  cpSync(join(folder, 'declarations'), project, { recursive: true })
  if (installed) {
    const link = join(project, 'node_modules', installed)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'packages/providers/node_modules', installed), link)
  }
  const types = `${name[0]!.toUpperCase()}${name.slice(1)}Events`
  writeFileSync(
    join(project, 'consumer.ts'),
    `import { createReceiver } from '@postern/core'
import { ${name} } from '@postern/providers/${name}'
import type { ${types} } from '@postern/providers/types/${name}'
createReceiver({ provider: ${code}
`,
  )
  const options = { strict: true, skipLibCheck: true, noEmit: true, module: 'nodenext', types: [] }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { ...options, target: 'es2023', lib: ['es2023', 'dom'] },
      files: ['consumer.ts'],
    }),
  )
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
  return spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' }).stdout
}
