// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient module has no import
/// <reference path="../src/cloudflare-workers.d.ts" />
