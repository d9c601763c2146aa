// Modules of frameworks that are not installed here, and files of the reader's app.
declare module '@azure/functions'
declare module '@opentelemetry/sdk-node'
declare module '@octokit/webhooks'
declare module '@slack/bolt'
declare module '@nestjs/config' {
  export class ConfigService {
    getOrThrow(name: string): string
  }
}
