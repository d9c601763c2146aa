import { gitlab } from '../gitlab.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** GitLab in the catalogue. */
export const gitlabEntry: CatalogueEntry = {
  name: 'gitlab',
  title: 'GitLab',
  docs: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  create: gitlab,
  secretOption: 'token',
  options: {
    token: 'Signing token (whsec_…) or secret token of the hook.',
    tolerance: 'Seconds a signed time may be away from now. Default 300.',
  },
  topics: ['push', 'tag_push', 'merge_request.open', 'note', 'pipeline', 'build', 'user_create'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
