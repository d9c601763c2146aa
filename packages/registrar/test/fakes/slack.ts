// Slack's app manifests, as described at https://docs.slack.dev/reference/methods/apps.manifest.update.
import { Ajv } from 'ajv'
import { startFake, type Fake } from './fake.ts'

export const SLACK_TOKEN = 'xoxe.xoxp-fake-0123456789-fake0123456789'
export const SLACK_APP = 'A0123456789'

const open = { type: 'object' }
const strings = { type: 'array', items: { type: 'string' } }
/** Follows `Manifest` in npm @slack/web-api 8.2.0 (MIT), dist/types/request/manifest.d.ts. */
const MANIFEST = {
  type: 'object',
  properties: {
    _metadata: open,
    display_information: {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
    },
    features: open,
    functions: open,
    oauth_config: open,
    settings: {
      type: 'object',
      properties: {
        allowed_ip_address_ranges: strings,
        event_subscriptions: {
          type: 'object',
          properties: {
            bot_events: strings,
            user_events: strings,
            request_url: { type: 'string', pattern: '^https://' },
            metadata_subscriptions: { type: 'array' },
          },
          additionalProperties: false,
        },
        incoming_webhooks: open,
        interactivity: open,
        org_deploy_enabled: { type: 'boolean' },
        socket_mode_enabled: { type: 'boolean' },
        token_rotation_enabled: { type: 'boolean' },
        function_runtime: { type: 'string' },
      },
      additionalProperties: false,
    },
  },
  required: ['display_information'],
  additionalProperties: false,
}
const checkManifest = new Ajv({ strict: false }).compile(MANIFEST)

export async function startSlack(): Promise<Fake & { manifest(): any }> {
  let manifest: any = {
    display_information: { name: 'Octo' },
    features: { slash_commands: [{ command: '/deploy', url: 'https://app.example/slack' }] },
    oauth_config: { scopes: { bot: ['app_mentions:read'] } },
    settings: { org_deploy_enabled: true, socket_mode_enabled: false },
  }
  const args = { app_id: { type: 'string' } }
  const query = { type: 'object', additionalProperties: false }
  const operation = (properties: Record<string, object>) => ({
    query,
    form: true as const,
    body: {
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    },
  })
  const fake = await startFake({
    description: {
      source:
        'npm @slack/web-api 8.2.0, AppsManifestExportArguments and AppsManifestUpdateArguments',
      licence: 'MIT',
      operations: {
        'POST /apps.manifest.export': operation(args),
        'POST /apps.manifest.update': operation({ ...args, manifest: { type: 'string' } }),
      },
      schemas: {},
    },
    reject: ({ authorization }) =>
      authorization === `Bearer ${SLACK_TOKEN}`
        ? undefined
        : { json: { ok: false, error: 'invalid_auth' } },
    invalid: () => ({ json: { ok: false, error: 'invalid_arguments' } }),
    reads: (_method, path) => path.endsWith('.export'),
    routes: {
      'POST /apps.manifest.export': ({ body }) =>
        body.app_id === SLACK_APP
          ? { json: { ok: true, manifest } }
          : { json: { ok: false, error: 'app_not_found' } },
      'POST /apps.manifest.update': ({ body }) => {
        const given = JSON.parse(body.manifest) as any
        const pointer = checkManifest(given)
          ? ruleOf(given)
          : checkManifest.errors?.[0]?.instancePath
        if (pointer !== undefined) {
          const errors = [{ message: 'is not allowed', pointer }]
          return { json: { ok: false, error: 'invalid_manifest', errors } }
        }
        manifest = given
        return { json: { ok: true, app_id: SLACK_APP, permissions_updated: false } }
      },
    },
  })
  return { ...fake, manifest: () => manifest }
}

// Slack's rule: "Event Subscription requires either Request URL or Socket Mode Enabled."
function ruleOf({ settings }: any): string | undefined {
  const events = settings?.event_subscriptions
  if (events === undefined || events.request_url || settings.socket_mode_enabled) return undefined
  return '/settings/event_subscriptions'
}
