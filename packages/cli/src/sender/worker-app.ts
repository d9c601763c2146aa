import type { AppText, SenderText } from '../inboxes.ts'

/** The name of the class of Durable Objects, and of its binding. */
export const CLASS = 'Webhooks'
export const BINDING = 'WEBHOOKS'

/** The whole app for Cloudflare Workers: the Worker verifies, its Durable Object stores events and runs the handlers. */
export function workerApp(path: string, { topic, provider, window }: SenderText): AppText {
  const subscribe = [
    `receiver.on('${topic}', { name: 'first' }, async (event) => {`,
    '  console.log(event.topic, event.payload)',
    '})',
  ]
  return {
    imports: [
      "import { durableObject, worker, type ObjectNamespace, type Receivers } from '@postern/cloudflare'",
      "import { createReceiver } from '@postern/core'",
    ],
    lines: [
      ...envLines(provider, true),
      '',
      ...receiversLines({ path, provider, isTyped: true, subscribe }),
      '',
      '// In wrangler.jsonc:',
      ...SETTINGS.map((line) => `// ${line}`),
      ...exportLines(window),
    ],
    makesReceiver: true,
  }
}

/** What `wrangler.jsonc` needs for the object. */
export const SETTINGS: readonly string[] = [
  `"durable_objects": { "bindings": [{ "name": "${BINDING}", "class_name": "${CLASS}" }] },`,
  `"migrations": [{ "tag": "postern-1", "new_sqlite_classes": ["${CLASS}"] }],`,
]

/** The interface of what the settings give the Worker: each secret that the provider reads, and the object if it `isWhole`. */
export function envLines(provider: readonly string[], isWhole: boolean): readonly string[] {
  return [
    'interface Env {',
    ...(isWhole ? [`  readonly ${BINDING}: ObjectNamespace`] : []),
    ...secretsOf(provider).map((name) => `  readonly ${name}: string`),
    '}',
  ]
}

/** The variables that the lines of a provider read. */
export function secretsOf(provider: readonly string[]): readonly string[] {
  return [...provider.join('\n').matchAll(/\benv\.(\w+)/g)].map(([, name]) => name!)
}

/** The function that makes the receivers, in the Worker and in the object. */
export function receiversLines({
  path,
  provider,
  isTyped,
  subscribe,
}: {
  readonly path: string
  readonly provider: readonly string[]
  readonly isTyped: boolean
  readonly subscribe: readonly string[]
}): readonly string[] {
  return [
    `const receivers${isTyped ? ': Receivers<Env>' : ''} = (env, inbox) => {`,
    '  const receiver = createReceiver({',
    ...[...provider, 'inbox,'].map((line) => `    ${line}`),
    '  })',
    ...subscribe.map((line) => `  ${line}`),
    `  return { '${path}': receiver }`,
    '}',
  ]
}

/** What the main module of the Worker exports. `dedupeWindow` is an option of both: a catch-up in the Worker reaches as far as the object knows ids. */
export function exportLines(window: string): readonly string[] {
  const options = window === '' ? '' : `, { ${window} }`
  return [
    `export class ${CLASS} extends durableObject(receivers${options}) {}`,
    `export default worker(receivers, '${BINDING}'${options})`,
  ]
}
