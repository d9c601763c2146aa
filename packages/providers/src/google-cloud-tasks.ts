import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { text } from './common/read.ts'
import {
  googleOidc,
  googleOidcOptions,
  googleOidcReady,
  type GoogleOidcOptions,
} from './schemes/google-oidc.ts'

/** Options of {@link googleCloudTasks}. */
export interface GoogleCloudTasksOptions extends GoogleOidcOptions {}

/**
 * Google Cloud Tasks: tasks with an HTTP target and an OIDC token. The token (RS256) in `Authorization` identifies the
 * sender. The receiver checks the token's issuer, its audience and the verified address of the service account. **The
 * body is not signed**: only TLS protects the body. Your app chooses body and headers of a task. The topic is the value
 * of `type` in the body; without one, the name of the queue. The id is `X-CloudTasks-TaskName`, which stays the same
 * over retries. Any 2xx ends the task. Needs the package jose.
 * https://docs.cloud.google.com/tasks/docs/creating-http-target-tasks
 */
export const googleCloudTasks: Factory<GoogleCloudTasksOptions> = /* @__PURE__ */ provider({
  name: 'google-cloud-tasks',
  title: 'Google Cloud Tasks',
  docs: 'https://docs.cloud.google.com/tasks/docs/creating-http-target-tasks',
  setup: {
    call: 'projects.locations.queues.tasks.create, with httpRequest.url and httpRequest.oidcToken',
  },
  topics: ['my-queue'],
  facts: {
    scheme: 'JWT (RS256) by Google; the body is not signed',
    place: { header: 'Authorization' },
    example: {
      audience: 'https://example.com/webhooks',
      email: 'tasks@example.iam.gserviceaccount.com',
    },
    checked: '2026-11-28',
    delivers: {
      within: 600_000,
      redirect: 'followed',
      after4xx: 'retried',
      ok: '2xx',
      retryId: 'same',
      retryHeaders: { 'x-cloudtasks-taskretrycount': '1' },
      source:
        'https://docs.cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks',
    },
  },
  options: googleOidcOptions,
  formats: ['json', 'xml', 'form', 'bytes'],
  claims: 'x-cloudtasks-taskname',
  reads: ['x-cloudtasks-queuename'],
  covers: { body: 'none', timestamp: true },
  canSign: false,
  prepare: (options) => googleOidcReady('google-cloud-tasks', options),
  scheme: (options) => googleOidc('google-cloud-tasks', options),
  events: (delivery, { value }) => [
    {
      id: delivery.header('x-cloudtasks-taskname') || undefined,
      topic: text(value, 'type') ?? (delivery.header('x-cloudtasks-queuename') || 'task'),
      payload: value,
    },
  ],
})
