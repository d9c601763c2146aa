/// <reference path="../src/cloudflare-workers.d.ts" />
