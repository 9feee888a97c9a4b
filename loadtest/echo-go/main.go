// The yardstick of grpc-go: answers the plane's GetLatest and StreamLatest with ready bytes and does nothing else.
package main

import (
	"context"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

// One reading: patient p-00001, monitor m-00001, heart rate 72 per minute.
var answer = []byte("\x0a\x32\x0a\x07p-00001\x12\x07m-00001\x1a\x068867-4\x22\x04/min\x28" +
	"\x80\xe0\xf4\xe5\x86\xee\x90\x03\x31\x00\x00\x00\x00\x00\x00\x52\x40")

// raw leaves messages as the bytes they are, which is a little less than grpc-go does for generated messages.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (raw) Name() string                       { return "proto" }

func unary(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var request []byte
	if err := decode(&request); err != nil {
		return nil, err
	}
	return &answer, nil
}

func stream(_ any, stream grpc.ServerStream) error {
	for {
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return nil
		}
		if err := stream.SendMsg(&answer); err != nil {
			return err
		}
	}
}

func main() {
	encoding.RegisterCodec(raw{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "pulseplane.v1.QueryService",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "GetLatest", Handler: unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "StreamLatest", Handler: stream, ServerStreams: true, ClientStreams: true},
		},
	}, nil)
	fmt.Printf("echo listens on %d\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}
