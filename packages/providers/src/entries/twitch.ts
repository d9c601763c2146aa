import { twitch } from '../twitch.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Twitch in the catalogue. */
export const twitchEntry: CatalogueEntry = {
  name: 'twitch',
  title: 'Twitch EventSub',
  docs: 'https://dev.twitch.tv/docs/eventsub/handling-webhook-events/',
  create: twitch,
  secretOption: 'secret',
  options: {
    secret: 'Secret of the subscription.',
    tolerance: 'Seconds the signed time may be away from now. Default 600.',
  },
  topics: ['channel.follow', 'stream.online', 'stream.offline', 'channel.follow.revocation'],
  handshakes: ['webhook_callback_verification'],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
