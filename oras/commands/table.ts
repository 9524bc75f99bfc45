import type { Command } from "./_command.ts";
import { ATTACH, PUSH } from "./table_push.ts";
import { DISCOVER } from "./table_discover.ts";
import { PULL } from "./table_pull.ts";
import { RESOLVE, TAG, UNTAG } from "./table_tags.ts";
import { AUTH } from "./table_auth.ts";
import { COMPLETE, COMPLETION } from "./table_completion.ts";
import { BACKUP, RESTORE } from "./table_backup.ts";
import { CP } from "./table_copy.ts";
import { IMAGE } from "./table_image.ts";
import { INSPECT } from "./table_inspect.ts";
import { REPO } from "./table_contents.ts";
import { BLOB } from "./table_blobs.ts";
import { MANIFEST } from "./table_manifests.ts";
import { SYNC } from "./table_sync.ts";
import { LAYER } from "./table_layer.ts";
import { HASH, VALIDATE } from "./table_local.ts";
import { HTPASSWD, SERVE } from "./table_serve.ts";
import { LOGIN, LOGOUT, VERSION } from "./table_services.ts";

/** The program, and below it all its commands. */
export const PROGRAM: Command = {
  name: "gantry",
  purpose: "Move content in and out of OCI registries",
  commands: [
    PUSH,
    PULL,
    ATTACH,
    INSPECT,
    DISCOVER,
    CP,
    BACKUP,
    RESTORE,
    SYNC,
    TAG,
    UNTAG,
    RESOLVE,
    REPO,
    MANIFEST,
    BLOB,
    IMAGE,
    LAYER,
    HASH,
    VALIDATE,
    LOGIN,
    LOGOUT,
    AUTH,
    SERVE,
    HTPASSWD,
    VERSION,
    COMPLETION,
    COMPLETE,
  ],
};
