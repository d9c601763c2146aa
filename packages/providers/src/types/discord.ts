import type {
  APIApplicationCommandAutocompleteInteraction,
  APIApplicationCommandInteraction,
  APIMessageComponentInteraction,
  APIModalSubmitInteraction,
  APIWebhookEventBase,
  APIWebhookEventBody,
  ApplicationWebhookType,
} from 'discord-api-types/v10'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Discord with their payloads, from the optional peer dependency `discord-api-types`: webhook events and
 * interactions. The topic of an interaction may end with its command or custom id: `MESSAGE_COMPONENT` or
 * `MESSAGE_COMPONENT.approve`.
 *
 * @example
 * const receiver = createReceiver({ provider: discord<DiscordEvents>({ publicKey }) })
 * receiver.on('ENTITLEMENT_CREATE', (event) => console.log(event.payload.event.data.sku_id))
 * receiver.answer('MODAL_SUBMIT.report', (event) => ({ type: 4, data: { content: event.payload.data.custom_id } }))
 */
export type DiscordEvents = Installed<
  keyof APIModalSubmitInteraction,
  'discord-api-types',
  Interactions & Named & Events
>

type Interactions = {
  readonly APPLICATION_COMMAND: APIApplicationCommandInteraction
  readonly APPLICATION_COMMAND_AUTOCOMPLETE: APIApplicationCommandAutocompleteInteraction
  readonly MESSAGE_COMPONENT: APIMessageComponentInteraction
  readonly MODAL_SUBMIT: APIModalSubmitInteraction
}
type Named = { readonly [K in keyof Interactions as `${K}.${string}`]: Interactions[K] }
type Events = {
  readonly [E in APIWebhookEventBody as `${E['type']}`]: APIWebhookEventBase<
    ApplicationWebhookType.Event,
    E
  >
}
