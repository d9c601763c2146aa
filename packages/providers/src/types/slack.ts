import type { SlackEvent, View } from '@slack/types'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Slack with their payloads: events, slash commands and interactions. The types of events come from the
 * optional peer dependency `@slack/types`, and each event is in its envelope. The topic of an interaction may end with
 * its action or callback id: `block_actions` or `block_actions.approve`.
 *
 * @example
 * const receiver = createReceiver({ provider: slack<SlackEvents>({ signingSecret }) })
 * receiver.on('app_mention', (event) => console.log(event.payload.event.text))
 * receiver.answer('/deploy', (event) => ({ text: `deploying ${event.payload.text}` }))
 */
export type SlackEvents = Installed<
  keyof SlackEvent,
  '@slack/types',
  ByType & BySubtype & Interactions
>

type ByType = {
  [E in SlackEvent as E['type']]: SlackEnvelope<Extract<SlackEvent, { type: E['type'] }>>
}
type BySubtype = {
  [E in SlackEvent as SubtypeOf<E>]: SlackEnvelope<E>
}
type SubtypeOf<E extends SlackEvent> = E extends { subtype: infer Subtype extends string }
  ? `${E['type']}.${Subtype}`
  : never

type Interactions = {
  readonly [command: `/${string}`]: SlackCommand
  readonly [topic: `block_actions.${string}`]: SlackInteraction<'block_actions'>
  readonly [topic: `block_suggestion.${string}`]: SlackInteraction<'block_suggestion'>
  readonly [topic: `view_submission.${string}`]: SlackInteraction<'view_submission'>
  readonly [topic: `view_closed.${string}`]: SlackInteraction<'view_closed'>
  readonly [topic: `shortcut.${string}`]: SlackInteraction<'shortcut'>
  readonly [topic: `message_action.${string}`]: SlackInteraction<'message_action'>
  readonly block_actions: SlackInteraction<'block_actions'>
  readonly block_suggestion: SlackInteraction<'block_suggestion'>
  readonly view_submission: SlackInteraction<'view_submission'>
  readonly view_closed: SlackInteraction<'view_closed'>
  readonly shortcut: SlackInteraction<'shortcut'>
  readonly message_action: SlackInteraction<'message_action'>
}

/** The envelope of an event of the Events API. https://docs.slack.dev/apis/events-api */
export interface SlackEnvelope<Event> {
  readonly type: 'event_callback'
  readonly event: Event
  readonly event_id: string
  /** Time of the event, in seconds since 1970. */
  readonly event_time: number
  readonly team_id: string
  readonly api_app_id: string
  readonly enterprise_id?: string
  /** The workspace in which the app is installed, if several workspaces share the channel. */
  readonly context_team_id?: string
  readonly authorizations?: readonly {
    readonly enterprise_id: string | null
    readonly team_id: string | null
    readonly user_id: string
    readonly is_bot: boolean
    readonly is_enterprise_install: boolean
  }[]
}

/** The fields of a slash command. https://docs.slack.dev/interactivity/implementing-slash-commands */
export interface SlackCommand {
  readonly command: string
  readonly text: string
  readonly trigger_id: string
  readonly response_url: string
  readonly user_id: string
  readonly channel_id: string
  readonly channel_name: string
  readonly team_id: string
  readonly team_domain: string
  readonly api_app_id: string
  readonly enterprise_id?: string
}

/** The payload of an interaction. https://docs.slack.dev/interactivity/handling-user-interaction */
export interface SlackInteraction<Type extends string> {
  readonly type: Type
  readonly user: { readonly id: string; readonly username?: string; readonly name?: string }
  readonly team: { readonly id: string; readonly domain?: string } | null
  readonly api_app_id?: string
  readonly trigger_id?: string
  readonly response_url?: string
  readonly callback_id?: string
  readonly channel?: { readonly id: string; readonly name?: string }
  readonly actions?: readonly {
    readonly action_id: string
    readonly block_id: string
    readonly type: string
    readonly value?: string
  }[]
  readonly view?: View & { readonly id: string; readonly state: { readonly values: object } }
}
