// Scripts of the query page.
import htmx from "htmx.org";
console.log(htmx.version);
