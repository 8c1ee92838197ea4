// Reads the service with the clients that oapi-codegen made of its OpenAPI documents, and compares what it reads with what gRPC gave.
//
//	rest ADDRESS REPORT DECREES    # two files: what grpcurl printed
//
// TOKEN, RESTRICTED_TOKEN, GRANTS_TOKEN: of one who sees all, of one who may not search by employer, of one who sees the grants.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"

	"omnia/tests/interop/rest/letture"
	"omnia/tests/interop/rest/scritture"
)

const norm = "DL109-2018-ART44"

// Figures are those of a voce, of a totale or of a row, as grpcurl prints them.
type Figures struct {
	Normativa          string  `json:"normativa"`
	Prestazione        string  `json:"prestazione"`
	TotaleStanziamenti *string `json:"totaleStanziamenti"`
	ImportiAutorizzati string  `json:"importiAutorizzati"`
	ImportiErogati     string  `json:"importiErogati"`
	ResiduoAutorizzato *string `json:"residuoAutorizzato"`
	ResiduoPagato      *string `json:"residuoPagato"`
	NumeroDecreto      string  `json:"numeroDecreto"`
	OreDecretate       string  `json:"oreDecretate"`
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "interop (REST):", err)
		os.Exit(1)
	}
}

func run(address, reportFile, decreesFile string) error {
	reader, err := reads(address, os.Getenv("TOKEN"))
	if err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		take func() error
	}{
		{"the generated client reads the report of gRPC", func() error { return report(reader, reportFile) }},
		{"the generated client reads the page of gRPC", func() error { return page(reader, decreesFile) }},
		{"the generated client has the reason of a refusal", func() error { return refused(address) }},
		{"the generated client has what is wrong with a request", func() error { return wrong(reader) }},
		{"the generated client of the other document reads the grants", func() error { return grants(address) }},
	} {
		if err := step.take(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Println("ok ", step.what)
	}
	return nil
}

func bearer(token string) func(context.Context, *http.Request) error {
	return func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

func reads(address, token string) (*letture.ClientWithResponses, error) {
	return letture.NewClientWithResponses("http://"+address, letture.WithRequestEditorFn(bearer(token)))
}

func report(reader *letture.ClientWithResponses, file string) error {
	var expected struct {
		Voci   []Figures `json:"voci"`
		Totale Figures   `json:"totale"`
	}
	if err := read(file, &expected); err != nil {
		return err
	}
	norms := []string{norm}
	answer, err := reader.ReportSinteticoWithResponse(context.Background(), &letture.ReportSinteticoParams{Normativa: &norms})
	if err != nil {
		return err
	}
	given := answer.JSON200
	if given == nil || given.Totale == nil || answer.Headers200 == nil || answer.Headers200.ETag == "" {
		return fmt.Errorf("no report: %s %s", answer.Status(), answer.Body)
	}
	var voci []Figures
	for _, v := range given.Voci {
		voci = append(voci, Figures{
			Normativa: v.Normativa, Prestazione: v.Prestazione, TotaleStanziamenti: v.TotaleStanziamenti,
			ImportiAutorizzati: v.ImportiAutorizzati, ImportiErogati: v.ImportiErogati,
			ResiduoAutorizzato: v.ResiduoAutorizzato, ResiduoPagato: v.ResiduoPagato,
		})
	}
	t := given.Totale
	totale := Figures{
		TotaleStanziamenti: t.TotaleStanziamenti, ImportiAutorizzati: t.ImportiAutorizzati, ImportiErogati: t.ImportiErogati,
		ResiduoAutorizzato: t.ResiduoAutorizzato, ResiduoPagato: t.ResiduoPagato,
	}
	if err := same(voci, expected.Voci); err != nil {
		return err
	}
	return same([]Figures{totale}, []Figures{expected.Totale})
}

func page(reader *letture.ClientWithResponses, file string) error {
	var expected struct {
		Decreti       []Figures `json:"decreti"`
		NextPageToken string    `json:"nextPageToken"`
	}
	if err := read(file, &expected); err != nil {
		return err
	}
	answer, err := reader.NormativeDecretiWithResponse(context.Background(), norm, &letture.NormativeDecretiParams{})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil || answer.JSON200.NextPageToken == "" {
		return fmt.Errorf("no page: %s %s", answer.Status(), answer.Body)
	}
	var decreti []Figures
	for _, d := range answer.JSON200.Decreti {
		decreti = append(decreti, Figures{
			Prestazione: d.Prestazione, NumeroDecreto: d.NumeroDecreto, OreDecretate: d.OreDecretate,
			ImportiAutorizzati: d.ImportiAutorizzati, ImportiErogati: d.ImportiErogati,
		})
	}
	return same(decreti, expected.Decreti)
}

func refused(address string) error {
	restricted, err := reads(address, os.Getenv("RESTRICTED_TOKEN"))
	if err != nil {
		return err
	}
	employer := "00743110157"
	search := letture.ListDecreesRequest{Filtro: &letture.FiltroDecreti{CfAzienda: &employer}}
	answer, err := restricted.NormativeDecretiRicercaWithResponse(context.Background(), norm, &letture.NormativeDecretiRicercaParams{}, search)
	if err != nil {
		return err
	}
	problem := answer.ApplicationproblemJSON403
	if problem == nil || problem.Reason == nil || *problem.Reason != letture.ERRORREASONFILTERDENIED || problem.TraceId == nil {
		return fmt.Errorf("%s %s", answer.Status(), answer.Body)
	}
	return nil
}

func wrong(reader *letture.ClientWithResponses) error {
	answer, err := reader.ConfrontoWithResponse(context.Background(), &letture.ConfrontoParams{Normativa: &[]string{"NONE"}, Da: 1})
	if err != nil {
		return err
	}
	problem := answer.ApplicationproblemJSON400
	if problem == nil || problem.Errors == nil || (*problem.Errors)[0].Field != "normativa" || (*problem.Errors)[0].Detail == "" {
		return fmt.Errorf("%s %s", answer.Status(), answer.Body)
	}
	return nil
}

func grants(address string) error {
	client, err := scritture.NewClientWithResponses("http://"+address, scritture.WithRequestEditorFn(bearer(os.Getenv("GRANTS_TOKEN"))))
	if err != nil {
		return err
	}
	state := scritture.STATOABILITAZIONEATTIVA
	answer, err := client.AbilitazioniWithResponse(context.Background(), &scritture.AbilitazioniParams{Stato: &state})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil || len(answer.JSON200.Abilitazioni) < 2 || answer.JSON200.Abilitazioni[0].Stato != state {
		return fmt.Errorf("no grants: %s %s", answer.Status(), answer.Body)
	}
	return nil
}

func read(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func same(given, expected []Figures) error {
	if len(given) == 0 || !reflect.DeepEqual(given, expected) {
		g, _ := json.Marshal(given)
		e, _ := json.Marshal(expected)
		return fmt.Errorf("%s\nand not as by gRPC\n%s", g, e)
	}
	return nil
}
