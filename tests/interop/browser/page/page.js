// The page: Connect-ES as anybody would write it. What it read stands in `window.calls`, for the test to ask.
import { createClient, ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ErrorInfoSchema, LocalizedMessageSchema } from "../stubs/google/rpc/error_details_pb.js";
import { DecreeService } from "../stubs/inps/omnia/monitoraggio/v1/decree_service_pb.js";
import { ErrorReason } from "../stubs/inps/omnia/monitoraggio/v1/error_reason_pb.js";
import { ReportService } from "../stubs/inps/omnia/monitoraggio/v1/report_service_pb.js";

function client(service, baseUrl, token) {
  const asCaller = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createClient(service, createGrpcWebTransport({ baseUrl, interceptors: [asCaller] }));
}

async function report(baseUrl, token, normativa) {
  const answer = await client(ReportService, baseUrl, token).getReportSintetico({ filtro: { normativa: [normativa] } });
  return { autorizzati: answer.totale.importiAutorizzati, rilevazione: answer.rilevazione.numero };
}

async function exported(baseUrl, token, normativa) {
  const read = { intestazione: 0, lotti: 0, righe: 0, chiusura: undefined };
  for await (const { parte } of client(DecreeService, baseUrl, token).exportDecrees({ normativa })) {
    if (parte.case === "intestazione") read.intestazione += 1;
    if (parte.case === "chiusura") read.chiusura = parte.value.totali.righe.toString();
    if (parte.case === "lotto") {
      read.lotti += 1;
      read.righe += parte.value.decreti.length;
    }
  }
  return read;
}

// A call that fails, as an error of Connect with the details of the contract.
async function refused(baseUrl, token, normativa, cfAzienda) {
  try {
    await client(DecreeService, baseUrl, token).listDecrees({ normativa, filtro: { cfAzienda } });
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [info] = error.findDetails(ErrorInfoSchema);
    const [text] = error.findDetails(LocalizedMessageSchema);
    const isKnown = info !== undefined && info.reason.replace("ERROR_REASON_", "") in ErrorReason;
    return { code: error.code, message: error.rawMessage, reason: info?.reason, isKnown, locale: text?.locale };
  }
  throw new Error("the call was answered");
}

// A resource, as a page asks for it: what of the answer it may read.
async function resource(url, token) {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const { headers, status } = answer;
  return { status, etag: headers.get("etag"), disposition: headers.get("content-disposition"), body: await answer.text() };
}

window.calls = { report, exported, refused, resource };
document.title = "ready";
